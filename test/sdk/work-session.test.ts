import { create, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "@jest/globals";
import { OutcomeReportSchema, WorkRequestSchema } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import type { Connection } from "../../sdk/typescript/connection-types.ts";
import { StreamSession, workSessions } from "../../sdk/typescript/worker/open-work-session.ts";
import type { WorkSessionEvents } from "../../sdk/typescript/worker/work-session-types.ts";
import { playedStream } from "../support/played-stream.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));
const WELCOME = { welcome: { sessionId: "w_1" } };

const deaf: WorkSessionEvents = {
  onConnected: () => {},
  onLease: () => {},
  onCancel: () => {},
  onLogAck: () => {},
  onOutcomeAck: () => {},
  onDrain: () => {},
};

test("many long errors at once travel in messages below the limit", async () => {
  const stream = playedStream();
  const connection = { bytes: () => stream.call } as unknown as Connection;
  const connected = Promise.withResolvers<void>();
  const events = { ...deaf, onConnected: () => connected.resolve() };
  const session = workSessions(connection)({ worker: { name: "w" }, held: () => [], events });
  await turn();
  stream.tell(WELCOME);
  await connected.promise;
  const error = { type: "Error", message: "ä".repeat(LIMITS.errorMessageBytes / 4) };
  for (let count = 0; count < LIMITS.slots; count++)
    session.outcome(create(OutcomeReportSchema, { id: "x".repeat(26), fencingToken: 1n << 50n, error }));
  await turn();
  const reports = stream.written.slice(1);
  expect(reports.flatMap(({ outcomes }) => outcomes)).toHaveLength(LIMITS.slots);
  const largest = Math.max(...reports.map((message) => toBinary(WorkRequestSchema, message).length));
  expect(largest).toBeLessThan(LIMITS.messageBytes / 2);
  await session.close();
});

test("what is offered between hello and welcome is said after it, and so is a farewell", async () => {
  const streams = [playedStream()];
  const connection = { bytes: () => streams.at(-1)?.call } as unknown as Connection;
  const connected = Promise.withResolvers<void>();
  const events = { ...deaf, onConnected: () => connected.resolve() };
  const session = workSessions(connection)({ worker: { name: "w" }, held: () => [], events });
  const [stream] = streams as [ReturnType<typeof playedStream>];
  session.credit(1);
  await turn();
  expect(stream.written).toMatchObject([{ hello: { credit: 1 } }]);
  session.credit(2);
  stream.tell(WELCOME);
  await connected.promise;
  await turn();
  expect(stream.written.slice(1)).toMatchObject([{ credit: 2, draining: false }]);

  // The next stream: it is told the whole, and between hello and welcome the worker decides to leave.
  streams.push(playedStream());
  const next = streams[1] as ReturnType<typeof playedStream>;
  stream.tell(undefined);
  while (next.written.length === 0) await turn();
  expect(next.written).toMatchObject([{ hello: { credit: 3 }, draining: false }]);
  session.drain();
  next.tell(WELCOME);
  while (next.written.length === 1) await turn();
  expect(next.written.slice(1)).toMatchObject([{ credit: 0, draining: true }]);
  await session.close();
});

test("what is taken back between hello and welcome is said after it", async () => {
  const stream = playedStream();
  const connection = { bytes: () => stream.call } as unknown as Connection;
  const session = new StreamSession(connection, { worker: { name: "w" }, held: () => [], events: deaf }, {});
  session.credit(3);
  await turn();
  expect(stream.written).toMatchObject([{ hello: { credit: 3 } }]);
  session.withdraw(2);
  stream.tell(WELCOME);
  while (stream.written.length === 1) await turn();
  expect(stream.written.slice(1)).toMatchObject([{ credit: 0, creditWithdrawn: 2 }]);
  expect(session.offered).toBe(1);
  await session.close();
});

test("a session that was given up is followed by another with an id of its own, known before any welcome", async () => {
  const streams = [playedStream()];
  const connection = { bytes: () => streams.at(-1)?.call } as unknown as Connection;
  const given: string[] = [];
  const hooks = { onDisconnected: () => void given.push(session.giveUp()) };
  const session = new StreamSession(connection, { worker: { name: "w" }, held: () => [], events: deaf }, hooks);
  for (let round = 0; round < 2; round++) {
    const stream = streams.at(-1) as ReturnType<typeof playedStream>;
    while (stream.written.length === 0) await turn();
    streams.push(playedStream());
    // It ends without a welcome: what the coordinator has given to this session can be named all the same.
    stream.tell(undefined);
    while (given.length === round) await turn();
  }
  const hellos = streams.flatMap(({ written }) => written[0]?.hello?.sessionId ?? []);
  expect(given).toEqual(hellos);
  expect(new Set(given).size).toBe(2);
  for (const id of given) expect(id).toMatch(/^w_[\w-]{20}$/);
  await session.close();
});
