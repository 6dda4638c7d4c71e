import { expect, test } from "@jest/globals";
import { Actor, MailboxError, type Reply } from "../../runtime/actor.ts";
import { aborted } from "../../runtime/wait.ts";

test("messages are handled one at a time, in order, never in the teller's turn", async () => {
  const seen: string[] = [];
  const actor = new Actor<number>({
    name: "counter",
    capacity: 10,
    async handle(message) {
      seen.push(`begin ${message}`);
      await Promise.resolve();
      seen.push(`end ${message}`);
    },
  });
  actor.tell(1);
  actor.tell(2);
  expect(seen).toEqual([]);
  await actor.stop();
  expect(seen).toEqual(["begin 1", "end 1", "begin 2", "end 2"]);
});

test("a full mailbox refuses, and so does one that was stopped", async () => {
  const gate = Promise.withResolvers<void>();
  const actor = new Actor<number>({ name: "slow", capacity: 2, handle: () => gate.promise });
  expect([actor.tell(1), actor.tell(2), actor.tell(3)]).toEqual([true, true, false]);
  const stopped = actor.stop();
  expect(actor.tell(4)).toBe(false);
  gate.resolve();
  await stopped;
});

test("ask gives the answer, and the handler's refusal", async () => {
  type Question = { readonly n: number; readonly reply: Reply<number> };
  const actor = new Actor<Question>({
    name: "halver",
    capacity: 10,
    handle: ({ n, reply }) => (n % 2 === 0 ? reply.resolve(n / 2) : reply.reject(new Error("odd"))),
  });
  expect(await actor.ask<number>((reply) => ({ n: 8, reply }))).toBe(4);
  await expect(actor.ask<number>((reply) => ({ n: 7, reply }))).rejects.toThrow("odd");
  await actor.stop();
  await expect(actor.ask<number>((reply) => ({ n: 2, reply }))).rejects.toThrow(MailboxError);
});

test("an error fells the actor, and whoever asked hears of it", async () => {
  const actor = new Actor<Reply<void>>({
    name: "faller",
    capacity: 10,
    handle() {
      throw new Error("broken");
    },
  });
  const first = actor.ask<void>((reply) => reply);
  const second = actor.ask<void>((reply) => reply);
  await expect(first).rejects.toThrow("broken");
  await expect(second).rejects.toThrow("broken");
  await expect(actor.ended).rejects.toThrow("broken");
  expect(actor.tell({ resolve() {}, reject() {} })).toBe(false);
  await actor.stop();
});

test("an ask that the handler forgets is told so when the actor stops", async () => {
  const actor = new Actor<Reply<void>>({ name: "forgetful", capacity: 10, handle() {} });
  const asked = actor.ask<void>((reply) => reply);
  await actor.stop();
  await expect(asked).rejects.toThrow("forgetful has ended without an answer");
});

test("a stop in a hurry drops what waits and tells the handler", async () => {
  const seen: number[] = [];
  const begun = Promise.withResolvers<void>();
  const actor = new Actor<number>({
    name: "worker",
    capacity: 10,
    async handle(message, signal) {
      seen.push(message);
      begun.resolve();
      await aborted(signal);
    },
  });
  actor.tell(1);
  actor.tell(2);
  await begun.promise;
  const hurry = new AbortController();
  const stopped = actor.stop(hurry.signal);
  hurry.abort();
  await stopped;
  await actor.stop();
  expect(seen).toEqual([1]);
});
