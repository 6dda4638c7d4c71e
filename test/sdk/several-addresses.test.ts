import { createServer } from "node:net";
import { create } from "@bufbuild/protobuf";
import { afterEach, expect, test } from "@jest/globals";
import type { Operations } from "../../coordinator/operations/operations.ts";
import { TssError } from "../../proto/errors.ts";
import { LockService } from "../../proto/gen/tss/v1/lock_service_pb.js";
import { GetTaskResponseSchema, TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import { WorkerService } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { openConnection } from "../../sdk/typescript/connection/open-connection.ts";
import type { Connection } from "../../sdk/typescript/connection-types.ts";
import { createWorker, taskType } from "../../sdk/typescript/index.ts";
import { type EdgeUnderTest, startEdge } from "../support/edge-server.ts";
import { fakeOperations } from "../support/fake-operations.ts";
import { freePort } from "../support/free-port.ts";
import { until } from "../support/until.ts";

/** What a client of several addresses makes of those that do not serve, over the real edge. */

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Parts = Parameters<typeof fakeOperations>[0];
let first: EdgeUnderTest | undefined;
const found = create(GetTaskResponseSchema, { task: { id: "t" } });

/** A coordinator whose operations are these; all know the same keys. */
async function coordinator(parts: Parts, options: { serving?: boolean; listen?: string } = {}): Promise<EdgeUnderTest> {
  const edge = await startEdge({ ...(first && { keys: first.ring }), operations: fakeOperations(parts), ...options });
  first ??= edge;
  closers.push(() => edge.close());
  return edge;
}

afterEach(() => {
  first = undefined;
});

function connect(...addresses: string[]): Connection {
  const connection = openConnection({ address: addresses.join(","), apiKey: first!.key });
  closers.push(() => connection.close());
  return connection;
}

const tasksOf = (connection: Connection) => connection.service(TaskService);

/** Answers GetTask and counts how often. */
function counting() {
  const counter = { calls: 0, tasks: {} as Partial<Operations["tasks"]> };
  counter.tasks.getTask = async () => {
    counter.calls++;
    return found;
  };
  return counter;
}

function says(code: "UNAVAILABLE", reason: string) {
  return async () => {
    throw new TssError(code, `It says ${reason}.`, { reason, retryAfterMs: 20 });
  };
}

test("calls are spread over those that serve", async () => {
  const [a, b] = [counting(), counting()];
  const connection = connect((await coordinator(a)).server.address, (await coordinator(b)).server.address);
  await until("both to be asked", async () => {
    await tasksOf(connection).getTask({ id: "t" });
    return a.calls > 0 && b.calls > 0;
  });
  const before = [a.calls, b.calls] as const;
  for (let call = 0; call < 20; call++) await tasksOf(connection).getTask({ id: "t" });
  expect([a.calls - before[0], b.calls - before[1]]).toEqual([10, 10]);
});

test("an address where nobody listens is passed over, and one that is slow to say anything", async () => {
  const a = counting();
  const silent = createServer((socket) => void closers.push(() => socket.destroy()));
  const port = await new Promise<number>((resolve) => {
    silent.listen(0, "127.0.0.1", () => resolve((silent.address() as { port: number }).port));
  });
  closers.push(() => silent.close());
  const edge = await coordinator(a);
  for (let client = 0; client < 6; client++) {
    const connection = connect(`127.0.0.1:${await freePort()}`, edge.server.address, `127.0.0.1:${port}`);
    await tasksOf(connection).getTask({ id: "t" });
    connection.close();
  }
  expect(a.calls).toBe(6);
  // A connection attempt to a silent host takes 20 s until it is given up.
});

test("one that says that it does not serve is not asked; it is when it does", async () => {
  const [a, b] = [counting(), counting()];
  const standby = await coordinator(b, { serving: false });
  const connection = connect((await coordinator(a)).server.address, standby.server.address);
  for (let call = 0; call < 10; call++) await tasksOf(connection).getTask({ id: "t" });
  expect([a.calls, b.calls]).toEqual([10, 0]);
  standby.server.setServing(true);
  await until("the other to be asked", async () => {
    await tasksOf(connection).getTask({ id: "t" });
    return b.calls > 0;
  });
});

test("what is refused by one that leaves, stands by or has lost the task goes on elsewhere", async () => {
  const b = counting();
  const answers = await coordinator(b);
  for (const reason of ["SHUTTING_DOWN", "STOPPING", "STANDBY", "NOT_OWNER", "PEER_GONE"]) {
    const refuses = await coordinator({ tasks: { getTask: says("UNAVAILABLE", reason) } });
    const connection = connect(refuses.server.address, answers.server.address);
    for (let call = 0; call < 4; call++) await tasksOf(connection).getTask({ id: "t" });
  }
  expect(b.calls).toBe(20);
});

test("a call that cannot be told apart from its repetition is sent once, one that can is sent again", async () => {
  let calls = 0;
  const dies = async () => {
    calls++;
    throw new TssError("UNAVAILABLE", "It goes while it works.", { reason: "SHUTTING_DOWN" });
  };
  const edges = [
    await coordinator({ locks: { releaseLock: dies, renewLock: dies } }),
    await coordinator({ locks: { releaseLock: dies, renewLock: dies } }),
  ];
  const connection = connect(...edges.map(({ server }) => server.address));
  const locks = connection.service(LockService);
  await expect(locks.releaseLock({ name: "x", token: 1n })).rejects.toMatchObject({ reason: "SHUTTING_DOWN" });
  expect(calls).toBe(1);
  const other = connect(...edges.map(({ server }) => server.address));
  const renewal = other.service(LockService).renewLock({ name: "x", token: 1n });
  await expect(renewal).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(calls).toBe(3);
});

test("when none answers one sentence names each and what is wrong with it", async () => {
  const standby = await coordinator({}, { serving: false });
  const closed = `127.0.0.1:${await freePort()}`;
  const connection = connect(closed, standby.server.address, "no-such-host.invalid:7400");
  const asked = tasksOf(connection).getTask({ id: "t" });
  await expect(asked).rejects.toMatchObject({ code: "UNAVAILABLE" });
  const message = await asked.catch((error: Error) => error.message);
  expect(message).toMatch(
    new RegExp(
      `^No coordinator answers: ${closed} \\(ECONNREFUSED\\), ${standby.server.address} \\(it starts, stands by or ` +
        "shuts down\\), no-such-host\\.invalid:7400 \\((its name is not known|E[A-Z_]+)\\)\\.$",
    ),
  );
  await expect(connection.ready(300)).rejects.toThrow(message as string);
});

test("a stream is opened at one that serves, and what was written before goes first", async () => {
  const edge = await coordinator({
    tasks: { submitTasks: async (_caller, { tasks }) => tasks.map((_, at) => ({ id: `t${at}`, duplicate: false })) },
  });
  const connection = connect(`127.0.0.1:${await freePort()}`, edge.server.address);
  const stream = tasksOf(connection).submitStream();
  stream.write({ sequence: 1, request: { requestId: "r1", tasks: [{ name: "x", command: "true" }] } });
  stream.write({ sequence: 2, request: { requestId: "r2", tasks: [{ name: "x", command: "true" }] } });
  stream.end();
  const sequences: number[] = [];
  for await (const { sequence } of stream) sequences.push(sequence);
  expect(sequences).toEqual([1, 2]);
});

test("a polling worker stays with the coordinator that began its session", async () => {
  const asked = [[], []] as [string[], string[]];
  const worker = (at: 0 | 1): Parts => ({
    workers: {
      leaseTasks: async (_caller, { sessionId }) => {
        asked[at].push(sessionId);
        return {
          leases: [],
          cancels: [],
          sessionId: sessionId || `w_of_${at}`,
          nextMs: 1_000,
          drain: false,
          coordinators: [],
        };
      },
    },
  });
  const edges = [await coordinator(worker(0)), await coordinator(worker(1))];
  const { leaseTasks } = connect(...edges.map(({ server }) => server.address)).service(WorkerService);
  const lease = (sessionId: string) => leaseTasks({ sessionId, worker: { name: "w", slots: 1 }, max: 1 });
  const sessions = new Set<string>();
  await until("both to have begun one", async () => {
    sessions.add((await lease("")).sessionId);
    return sessions.size === 2;
  });
  for (let round = 0; round < 5; round++) for (const session of sessions) await lease(session);
  expect(asked.map((ids) => ids.filter((id) => id !== ""))).toEqual([Array(5).fill("w_of_0"), Array(5).fill("w_of_1")]);
});

test("a worker that finds none of its coordinators says what is wrong with each, once all were tried", async () => {
  const addresses = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const told = Promise.withResolvers<string>();
  const worker = createWorker({
    address: addresses,
    apiKey: "tss_x",
    handlers: [taskType<void, void>("work").handler(() => {})],
    onDisconnected: ({ message }) => told.resolve(message),
  });
  expect(await told.promise).toBe(
    `No coordinator answers: ${addresses[0]} (ECONNREFUSED), ${addresses[1]} (ECONNREFUSED).`,
  );
  await worker.close();
});
