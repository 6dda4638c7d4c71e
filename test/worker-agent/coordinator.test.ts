import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { postgresStore } from "../../coordinator/plugins/store-postgres/postgres-store.ts";
import { type Task, TaskReason, type TaskSpecSchema, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import {
  CancelTasksRequestSchema,
  TailLogsRequestSchema,
  TaskService,
} from "../../proto/gen/tss/v1/task_service_pb.js";
import { WorkerService } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { EXIT } from "../../runtime/exit-codes.ts";
import { silentLogger } from "../../runtime/logger.ts";
import { readSettings } from "../../runtime/settings.ts";
import { openConnection } from "../../sdk/typescript/connection/open-connection.ts";
import type { Connection } from "../../sdk/typescript/connection-types.ts";
import { workSessions } from "../../sdk/typescript/worker/open-work-session.ts";
import { type Agent, startAgent } from "../../worker-agent/agent.ts";
import { coordinatorSecrets } from "../../worker-agent/secrets.ts";
import { closeLater, leave, temporaryDirectory } from "../support/agent-house.ts";
import { freshDatabase } from "../support/database.ts";
import { type EdgeUnderTest, startEdge } from "../support/edge-server.ts";
import { CALLER, type EngineHouse, startEngine, submit } from "../support/engine-house.ts";
import { isRunning } from "../support/is-running.ts";
import { knownSecrets } from "../support/known-secrets.ts";
import { startProxy } from "../support/tcp-proxy.ts";

let engine: EngineHouse;
let edge: EdgeUnderTest;
let connection: Connection;
let agent: Agent | undefined;

const LEASE_TTL_MS = 4_000;

beforeEach(async () => {
  const store = await postgresStore.open(await freshDatabase(), { readConnections: 2, failpoint: () => {} });
  engine = await startEngine(store, { leaseTtlMs: LEASE_TTL_MS });
  edge = await startEdge({ operations: engine.operations });
  connection = openConnection({ address: `127.0.0.1:${edge.server.port}`, apiKey: edge.key });
});

afterEach(async () => {
  await agent?.close();
  agent = undefined;
  connection.close();
  await edge.close();
  await engine.close();
});

async function start(from: Connection = connection, directory = temporaryDirectory()): Promise<Agent> {
  agent = await startAgent({
    settings: readSettings({ TSS_WORKER_DIR: directory, TSS_WORKER_NAME: "hand", TSS_WORKER_SLOTS: "4" }, ""),
    openSession: workSessions(from),
    secrets: knownSecrets(coordinatorSecrets(() => from).read),
    logger: silentLogger,
    version: "test",
    environment: { PATH: process.env["PATH"] },
  });
  return agent;
}

const tasks = () => connection.service(TaskService);
const run = async (spec: MessageInitShape<typeof TaskSpecSchema>): Promise<string> =>
  (await submit(engine, [spec]))[0] ?? "";
const wait = async (id: string): Promise<Task> => (await tasks().waitTask({ id })).task as Task;

async function output(id: string): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of tasks().tailLogs(create(TailLogsRequestSchema, { id, follow: true }))) parts.push(part.data);
  return Buffer.concat(parts).toString();
}

/** Looks until it holds. */
async function until(look: () => Promise<boolean>): Promise<void> {
  while (!(await look())) await sleep(20);
}

/** Resolves when the running task has written this. */
async function seen(id: string, text: string): Promise<string> {
  let written = "";
  for await (const part of tasks().tailLogs({ id, follow: true })) {
    written += Buffer.from(part.data).toString();
    if (written.includes(text)) return written;
  }
  throw new Error(`the output ended without ${text}`);
}

test("a command submitted to a coordinator runs here, and its result, progress and output are there", async () => {
  await start();
  const id = await run({
    command: `echo hello; echo '{"progress":50,"message":"half"}' >&3; cat "$TSS_INPUT" > "$TSS_OUTPUT"`,
    payload: { data: Buffer.from('{"a":1}') },
  });
  const task = await wait(id);
  expect(task).toMatchObject({ status: TaskStatus.SUCCEEDED, exitCode: 0 });
  expect(Buffer.from(task.result?.data ?? []).toString()).toBe('{"a":1}');
  expect(task.attempts[0]).toMatchObject({ workerName: "hand", outputBytes: 6n, progress: { percent: 50 } });
  expect(await output(id)).toBe("hello\n");
});

test("a hundred commands end, each with its own code", async () => {
  await start();
  const ids = await submit(
    engine,
    Array.from({ length: 100 }, (_, number) => ({ command: `exit $((${number} % 2))` })),
  );
  const ended = await Promise.all(ids.map(wait));
  expect(ended.map((task) => task.exitCode)).toEqual(ids.map((_, number) => number % 2));
});

test("a cancel reaches the command", async () => {
  await start();
  const id = await run({ command: "echo ready; sleep 1000" });
  await seen(id, "ready");
  await tasks().cancelTasks(create(CancelTasksRequestSchema, { ids: [id] }));
  const task = await wait(id);
  expect(task).toMatchObject({ status: TaskStatus.CANCELLED, reason: TaskReason.ABORTED });
});

test("a timeout is kept by the agent, with the grace the task names", async () => {
  await start();
  const id = await run({
    command: "trap '' TERM; while :; do sleep 0.05; done",
    timeout: { seconds: 0n, nanos: 50e6 },
    cancelGrace: { seconds: 0n, nanos: 50e6 },
  });
  expect(await wait(id)).toMatchObject({ status: TaskStatus.FAILED, reason: TaskReason.TIMED_OUT });
});

test("a broken connection costs nothing: the command goes on and is reported over the next one", async () => {
  const wire = await startProxy(edge.server.port);
  const overWire = openConnection({ address: `127.0.0.1:${wire.port}`, apiKey: edge.key });
  try {
    await start(overWire);
    const directory = temporaryDirectory();
    const id = await run({
      command: `echo ready; while [ ! -e ${directory}/go ]; do sleep 0.02; done; echo after; exit 6`,
    });
    await seen(id, "ready");
    wire.cut();
    writeFileSync(`${directory}/go`, "");
    const task = await wait(id);
    expect(task).toMatchObject({ status: TaskStatus.FAILED, reason: TaskReason.EXIT_CODE, exitCode: 6, attempt: 1 });
    expect(await output(id)).toBe("ready\nafter\n");
  } finally {
    await agent?.close();
    overWire.close();
    await wire.close();
  }
});

test("a network that swallows everything is noticed: the command is dead before it runs elsewhere", async () => {
  const wire = await startProxy(edge.server.port);
  const overWire = openConnection({ address: `127.0.0.1:${wire.port}`, apiKey: edge.key });
  try {
    await start(overWire);
    const id = await run({ command: "trap '' TERM; echo $$; while :; do sleep 0.02; done", retry: { limit: 1 } });
    const pid = Number(await seen(id, "\n"));
    wire.stop();
    await until(async () => (await tasks().getTask({ id })).task?.reason !== TaskReason.EXECUTING);
    expect(isRunning(pid)).toBe(false);
  } finally {
    await agent?.close();
    overWire.close();
    await wire.close();
  }
});

test("a long command outlives its lease's term many times, because the coordinator hears of it", async () => {
  await start();
  const id = await run({ command: `sleep ${(LEASE_TTL_MS / 1000) * 2}` });
  expect(await wait(id)).toMatchObject({ status: TaskStatus.SUCCEEDED, attempt: 1 });
});

test("of too much output the head and the tail are kept, and the gap is told", async () => {
  await start();
  const id = await run({ command: "seq -f %07.0f 0 393215; echo the end" });
  await wait(id);
  const parts: { offset: bigint; elidedBytes: bigint; data: Uint8Array }[] = [];
  for await (const part of tasks().tailLogs({ id })) if (part.data.length > 0) parts.push(part);
  const gaps = parts.filter((part) => part.elidedBytes > 0n);
  expect(gaps).toHaveLength(1);
  expect(
    Buffer.concat(parts.map((part) => part.data))
      .toString()
      .slice(-16),
  ).toBe("0393215\nthe end\n");
  const kept = parts.reduce((sum, part) => sum + part.data.length, 0);
  expect(kept + Number(gaps[0]?.elidedBytes)).toBe(393_216 * 8 + 8);
});

test("an agent that leaves finishes what it runs and says good-bye", async () => {
  const first = await start();
  const id = await run({ command: "echo ready; sleep 0.3" });
  await seen(id, "ready");
  await leave(first);
  expect(await wait(id)).toMatchObject({ status: TaskStatus.SUCCEEDED });
});

describe("the program tss-agent", () => {
  const startProgram = (key: string) => {
    const child = spawn(process.execPath, [new URL("../../bin/tss-agent.cjs", import.meta.url).pathname], {
      cwd: temporaryDirectory(),
      env: { PATH: process.env["PATH"], TSS_COORDINATOR: `127.0.0.1:${edge.server.port}`, TSS_API_KEY: key },
      stdio: ["ignore", "inherit", "pipe"],
    });
    closeLater(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    });
    return child;
  };

  test("runs what it is given, and ends with 0 when it is told to", async () => {
    const child = startProgram(edge.key);
    const exit = once(child, "exit");
    const id = await run({ command: "echo $TSS_TASK_NAME:$TSS_API_KEY" });
    expect(await wait(id)).toMatchObject({ status: TaskStatus.SUCCEEDED });
    expect(await output(id)).toBe("test:\n");
    child.kill("SIGTERM");
    expect(await exit).toEqual([0, null]);
  });

  test("says in one sentence that its key is refused, and does not start", async () => {
    const child = startProgram("tss_nobody");
    const exit = once(child, "exit");
    expect(await text(child.stderr)).toMatch(/^tss-agent: [^\n]+\n$/);
    expect(await exit).toEqual([EXIT.failed, null]);
  });
});

test("a command gets its secrets from the coordinator, and only while the caller holds the attempt", async () => {
  const value = "hunter2-of-the-coordinator";
  await engine.operations.secrets.setSecret(CALLER, { name: "db", value, queues: [] } as never);
  await start();
  const id = await run({
    command: 'test "$DB" = hunter2-of-the-coordinator && echo "it is $DB"',
    secrets: { DB: "db" },
  });
  expect(await wait(id)).toMatchObject({ status: TaskStatus.SUCCEEDED });
  expect(await output(id)).toBe("it is ***\n");
  const asked = connection.service(WorkerService).getSecrets({ id, fencingToken: 1n });
  await expect(asked).rejects.toMatchObject({ code: "FAILED_PRECONDITION", reason: "NOT_HELD" });
});

test("a task that names a secret which is not there is refused; one whose secret has gone since fails once", async () => {
  await expect(submit(engine, [{ command: "true", secrets: { DB: "none" } }])).rejects.toThrow(
    "The secret none that the task needs does not exist",
  );
  await engine.operations.secrets.setSecret(CALLER, {
    name: "db",
    value: "hunter2-hunter2",
    queues: ["mail"],
  } as never);
  const elsewhere = submit(engine, [{ command: "true", secrets: { DB: "db" } }]);
  await expect(elsewhere).rejects.toThrow("is only for tasks of queue mail, not for those of default");
  const id = await run({ command: "true", queue: "mail", secrets: { DB: "db" }, retry: { limit: 5 } });
  await engine.operations.secrets.deleteSecret(CALLER, { name: "db" } as never);
  await start();
  const task = await wait(id);
  expect(task).toMatchObject({ status: TaskStatus.FAILED, reason: TaskReason.SPAWN_ERROR, attempt: 1 });
  expect(task.error?.message).toContain("The secret db that the task needs does not exist: set it");
});
