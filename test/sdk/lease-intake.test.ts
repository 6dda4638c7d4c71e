import { afterEach, expect, test } from "@jest/globals";
import { AttemptOutcome, TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import type { WorkRequest } from "../../proto/gen/tss/v1/worker_service_pb.js";
import type { Connection } from "../../sdk/typescript/connection-types.ts";
import { joinedSessions } from "../../sdk/typescript/worker/joined-session.ts";
import type { WorkSession } from "../../sdk/typescript/worker/work-session-types.ts";
import { type PlayedStream, playedStream } from "../support/played-stream.ts";
import { until } from "../support/until.ts";

/** A worker with two coordinators that this test plays: what comes beyond its slots. */

const sessions: WorkSession[] = [];
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
});

interface House {
  readonly a: PlayedStream;
  readonly b: PlayedStream;
  readonly leased: string[];
  readonly acked: string[];
  readonly cancelled: string[];
  readonly session: WorkSession;
}

async function openHouse(slots: number): Promise<House> {
  const streams = new Map(["a:1", "b:1"].map((address) => [address, playedStream()]));
  const [leased, acked, cancelled]: [string[], string[], string[]] = [[], [], []];
  const open = ({ address }: { readonly address?: string | undefined }) =>
    ({ bytes: () => streams.get(address as string)?.call, close: () => {} }) as unknown as Connection;
  let connected = 0;
  const session = joinedSessions(
    { address: "a:1,b:1" },
    open,
  )({
    worker: { name: "w", slots },
    held: () => [],
    events: {
      onConnected: () => void connected++,
      onLease: ({ id }) => void leased.push(id),
      onCancel: ({ id }) => void cancelled.push(id),
      onLogAck: () => {},
      onOutcomeAck: ({ id }) => void acked.push(id),
      onDrain: () => {},
    },
  });
  sessions.push(session);
  const [a, b] = [...streams.values()] as [PlayedStream, PlayedStream];
  await until("both hellos", () => a.written.length > 0 && b.written.length > 0);
  for (const [at, stream] of [a, b].entries()) stream.tell({ welcome: { sessionId: `w_${at}` } });
  await until("both welcomes", () => connected === 2);
  session.credit(slots);
  await until("what is offered", () => offeredTo(a) + offeredTo(b) >= slots);
  return { a, b, leased, acked, cancelled, session };
}

function offeredTo({ written }: { readonly written: readonly WorkRequest[] }): number {
  return written.reduce((sum, { credit, creditWithdrawn }) => sum + credit - creditWithdrawn, 0);
}

const lease = (id: string) => ({ id, fencingToken: 1n, spec: { type: "work" } });
const outcomesOf = ({ written }: PlayedStream) => written.flatMap(({ outcomes }) => outcomes);
const released = (id: string) => ({ id, fencingToken: 1n, outcome: AttemptOutcome.RELEASED });

test("a lease beyond the slots is not run, and is given back to whom it came from", async () => {
  const { a, b, leased, acked } = await openHouse(2);
  // Both use what they were offered, and one of them more: what was taken back crossed it on its way.
  a.tell({ leases: [lease("1"), lease("2"), lease("3")] });
  b.tell({ leases: [lease("4")] });
  await until("both to be given back", () => outcomesOf(a).length + outcomesOf(b).length === 2);
  expect(leased).toEqual(["1", "2"]);
  expect(outcomesOf(a)).toMatchObject([released("3")]);
  expect(outcomesOf(b)).toMatchObject([released("4")]);
  b.tell({ outcomeAcks: [{ id: "4", fencingToken: 1n, accepted: true }] });
  a.tell({ outcomeAcks: [{ id: "1", fencingToken: 1n, accepted: true }] });
  await until("the answers", () => acked.length > 0);
  expect(acked).toEqual(["1"]);
});

test("one that waits is run as soon as there is a slot", async () => {
  const { a, b, leased, session } = await openHouse(2);
  a.tell({ leases: [lease("1"), lease("2"), lease("3")] });
  await until("the first two", () => leased.length === 2);
  session.credit(1);
  expect(leased).toEqual(["1", "2", "3"]);
  // Its slot was not offered to anybody else.
  await until("what was offered to be taken back", () => offeredTo(a) <= 3 && offeredTo(b) === 0);
  expect(outcomesOf(a)).toEqual([]);
});

test("what was given back is said again to who has it now, and never run", async () => {
  const { a, b, leased, session } = await openHouse(2);
  a.tell({ leases: [lease("1"), lease("2"), lease("3")] });
  await until("it to be given back", () => outcomesOf(a).length === 1);
  const moved = { id: "3", fencingToken: 1n };
  a.tell({ moved: [moved] });
  b.tell({ adoption: { adopted: [moved] } });
  session.credit(1);
  await until("it to be given back again", () => outcomesOf(b).length === 1);
  expect(outcomesOf(b)).toMatchObject([released("3")]);
  expect(leased).toEqual(["1", "2"]);
});

test("one that waits and is cancelled is the worker's to answer for; one that was given back is not", async () => {
  const { a, leased, cancelled } = await openHouse(2);
  a.tell({ leases: [lease("1"), lease("2"), lease("3")] });
  a.tell({ cancels: [{ id: "3", fencingToken: 1n, reason: TaskReason.ABORTED }] });
  await until("the order", () => cancelled.length > 0);
  expect([leased, cancelled]).toEqual([["1", "2", "3"], ["3"]]);
  a.tell({ leases: [lease("4")] });
  await until("it to be given back", () => outcomesOf(a).length > 0);
  a.tell({
    cancels: ["4", "1"].map((id) => ({ id, fencingToken: 1n, reason: TaskReason.ABORTED })),
  });
  await until("the orders", () => cancelled.length === 2);
  expect(cancelled).toEqual(["3", "1"]);
});

test("a worker that leaves gives back what waits at once", async () => {
  const { a, leased, session } = await openHouse(2);
  a.tell({ leases: [lease("1"), lease("2"), lease("3")] });
  await until("the first two", () => leased.length === 2);
  session.drain();
  await until("it to be given back", () => outcomesOf(a).length > 0);
  expect(outcomesOf(a)).toMatchObject([released("3")]);
});
