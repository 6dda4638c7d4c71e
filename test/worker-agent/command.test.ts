import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "@jest/globals";
import { AttemptOutcome, TaskLockSchema, TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import { LogStream } from "../../proto/gen/tss/v1/task_service_pb.js";
import { leave, openHouse, temporaryDirectory } from "../support/agent-house.ts";

const { SUCCEEDED, FAILED } = AttemptOutcome;

test("a command that ends with 0 succeeds, and what it wrote arrives by stream", async () => {
  const { coordinator } = await openHouse();
  const given = coordinator.lease({ command: "echo out; echo err >&2" });
  const report = await coordinator.outcome(given);
  expect(report).toMatchObject({ outcome: SUCCEEDED, reason: TaskReason.UNSPECIFIED, exitCode: 0, signal: "" });
  const logs = coordinator.logs(given);
  const text = (stream: LogStream) => Buffer.concat(logs.filter((log) => log.stream === stream).map((log) => log.data));
  expect(text(LogStream.STDOUT).toString()).toBe("out\n");
  expect(text(LogStream.STDERR).toString()).toBe("err\n");
  expect(report.outputBytes).toBe(8n);
  expect(report.startedAt).toBeDefined();
});

test("another exit code fails, and the last line of its errors says why", async () => {
  const { coordinator } = await openHouse();
  const report = await coordinator.outcome(coordinator.lease({ command: "echo no such bucket >&2; exit 3" }));
  expect(report).toMatchObject({ outcome: FAILED, reason: TaskReason.EXIT_CODE, exitCode: 3 });
  expect(report.error?.message).toBe("The command ended with exit code 3. Last line of its errors: no such bucket");
});

test("a signal that TSS did not send is named", async () => {
  const { coordinator } = await openHouse();
  const report = await coordinator.outcome(coordinator.lease({ command: "kill -SEGV $$" }));
  expect(report).toMatchObject({ outcome: FAILED, reason: TaskReason.SIGNAL, signal: "SIGSEGV" });
  expect(report.exitCode).toBeUndefined();
});

test("a program that is not there is named together with the agent", async () => {
  const { coordinator } = await openHouse();
  const direct = await coordinator.outcome(coordinator.lease({ argv: ["no-such-program", "x"] }));
  expect(direct).toMatchObject({ outcome: FAILED, reason: TaskReason.SPAWN_ERROR });
  expect(direct.error?.message).toContain('Program "no-such-program" was not found on agent hand');
  const shell = await coordinator.outcome(coordinator.lease({ command: "no-such-program --flag" }));
  expect(shell).toMatchObject({ outcome: FAILED, reason: TaskReason.SPAWN_ERROR, exitCode: 127 });
  expect(shell.error?.message).toContain('Command "no-such-program" was not found on agent hand');
  const later = await coordinator.outcome(coordinator.lease({ command: "echo first; no-such-program" }));
  expect(later).toMatchObject({ reason: TaskReason.EXIT_CODE, exitCode: 127 });
});

test("a file that may not be executed, and an interpreter that is missing, are spawn errors", async () => {
  const { coordinator } = await openHouse();
  const directory = temporaryDirectory();
  const plain = join(directory, "plain");
  writeFileSync(plain, "#!/bin/sh\n");
  chmodSync(plain, 0o644);
  const denied = await coordinator.outcome(coordinator.lease({ argv: [plain] }));
  expect(denied.reason).toBe(TaskReason.SPAWN_ERROR);
  expect(denied.error?.message).toContain("may not execute it");
  const script = join(directory, "script");
  writeFileSync(script, "#!/no/such/interpreter\n", { mode: 0o755 });
  const missing = await coordinator.outcome(coordinator.lease({ argv: [script] }));
  expect(missing.error?.message).toContain("interpreter");
});

test("a working directory that is missing is named; one that is there is used", async () => {
  const { coordinator } = await openHouse();
  const missing = await coordinator.outcome(coordinator.lease({ command: "pwd", workingDirectory: "/no/such/place" }));
  expect(missing).toMatchObject({ outcome: FAILED, reason: TaskReason.SPAWN_ERROR });
  expect(missing.error?.message).toBe("The working directory /no/such/place does not exist on agent hand.");
  const directory = temporaryDirectory();
  mkdirSync(join(directory, "sub"));
  const given = coordinator.lease({ command: "pwd; echo $PWD", workingDirectory: join(directory, "sub") });
  await coordinator.outcome(given);
  expect(coordinator.output(given).toString()).toBe(`${join(directory, "sub")}\n`.repeat(2));
});

test("a NUL in the command is refused in a sentence and ends nothing else", async () => {
  const { coordinator } = await openHouse();
  const report = await coordinator.outcome(coordinator.lease({ command: "echo \u0000" }));
  expect(report.reason).toBe(TaskReason.SPAWN_ERROR);
  expect(report.error?.message).toContain("NUL");
});

test("a line of the longest length allowed runs, and so does one that starts like an option", async () => {
  const { coordinator } = await openHouse();
  const line = `echo long; : ${"x".repeat(128 * 1024)}`.slice(0, 128 * 1024);
  const long = coordinator.lease({ command: line });
  expect((await coordinator.outcome(long)).outcome).toBe(SUCCEEDED);
  expect(coordinator.output(long).toString()).toBe("long\n");
  const option = await coordinator.outcome(coordinator.lease({ command: "-x || exit 9" }));
  expect(option.exitCode).toBe(9);
});

test("standard input is empty, and files behind /dev/stdout and /dev/fd/3 can be opened", async () => {
  const { coordinator } = await openHouse();
  const given = coordinator.lease({
    command: `cat; echo a > /dev/stdout; echo b > /dev/stderr; echo '{"progress":7}' > /dev/fd/3`,
  });
  expect((await coordinator.outcome(given)).outcome).toBe(SUCCEEDED);
  expect(coordinator.output(given).toString()).toBe("a\nb\n");
  expect(coordinator.progress(given).at(-1)?.percent).toBe(7);
});

test("the payload is in TSS_INPUT and TSS_OUTPUT becomes the result", async () => {
  const { coordinator } = await openHouse();
  const data = Buffer.from([0, 255, 10, 13]);
  const raw = await coordinator.outcome(
    coordinator.lease({ command: 'cat "$TSS_INPUT" > "$TSS_OUTPUT"', payload: { data } }),
  );
  expect(Buffer.from(raw.result?.data ?? [])).toEqual(data);
  expect(raw.result?.contentType).toBe("application/octet-stream");
  const json = await coordinator.outcome(
    coordinator.lease({ command: `echo '{"width":3}' > "$TSS_OUTPUT"; test -z "$TSS_INPUT"` }),
  );
  expect(json).toMatchObject({ outcome: SUCCEEDED, result: { contentType: "application/json" } });
});

test("a result of 256 KiB is kept, one more byte fails as result_too_large", async () => {
  const { coordinator } = await openHouse();
  const write = (bytes: number) =>
    coordinator.outcome(coordinator.lease({ command: `head -c ${bytes} /dev/zero > "$TSS_OUTPUT"` }));
  expect((await write(256 * 1024)).result?.data.length).toBe(256 * 1024);
  const over = await write(256 * 1024 + 1);
  expect(over).toMatchObject({ outcome: FAILED, reason: TaskReason.RESULT_TOO_LARGE, exitCode: 0 });
  expect(over.error?.message).toContain("262145 bytes");
});

test("a result that is a link or a FIFO is none", async () => {
  const { coordinator } = await openHouse();
  const link = await coordinator.outcome(coordinator.lease({ command: 'ln -s /etc/hostname "$TSS_OUTPUT"' }));
  expect([link.outcome, link.result]).toEqual([SUCCEEDED, undefined]);
  const fifo = await coordinator.outcome(coordinator.lease({ command: 'mkfifo "$TSS_OUTPUT"' }));
  expect([fifo.outcome, fifo.result]).toEqual([SUCCEEDED, undefined]);
});

test("a task sees the agent's environment without its secrets, its own, and the names of TSS", async () => {
  const { coordinator } = await openHouse({
    environment: {
      PATH: process.env["PATH"],
      HOME: "/home/x",
      TSS_API_KEY: "tss_unseen",
      TSS_DATABASE_URL: "postgres://unseen",
      TSS_REDIS_URL: "redis://unseen",
      TSS_MASTER_KEY: "unseen",
      TSS_TLS_KEY: "unseen",
      NODE_CHANNEL_FD: "3",
      TRACEPARENT: "unseen",
      OTEL_SERVICE_NAME: "unseen",
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=unseen",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318",
      TSS_COORDINATOR: "127.0.0.1:7400",
    },
  });
  const given = coordinator.lease(
    { name: "resize", queue: "images", argv: ["env"], env: { COLOUR: "red", TSS_TASK_ID: "forged" } },
    { attempt: 2, id: "task-env", fencingToken: 77n },
  );
  await coordinator.outcome(given);
  const lines = coordinator.output(given).toString().trim().split("\n");
  expect(lines.join()).not.toMatch(/unseen|NODE_CHANNEL_FD|forged/);
  for (const line of ["HOME=/home/x", "COLOUR=red", "TSS_TASK_ID=task-env", "TSS_TASK_NAME=resize", "TSS_ATTEMPT=2"])
    expect(lines).toContain(line);
  for (const line of [
    "TSS_FENCING_TOKEN=77",
    "TSS_QUEUE=images",
    "TSS_PROGRESS_FD=3",
    "TSS_COORDINATOR=127.0.0.1:7400",
    "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318",
  ])
    expect(lines).toContain(line);
  expect(lines.some((line) => line.startsWith("TSS_INPUT="))).toBe(false);
});

test.each([
  [[], []],
  [[["db", 12n]], ["TSS_LOCKS=db=12", "TSS_LOCK_NAME=db", "TSS_LOCK_TOKEN=12"]],
  [
    [
      ["a", 9_007_199_254_740_991n],
      ["b", 13n],
    ],
    ["TSS_LOCKS=a=9007199254740991,b=13"],
  ],
] as [[string, bigint][], string[]][])("of the locks %p a command finds %p and nothing else", async (locks, found) => {
  const forged = { TSS_LOCKS: "forged=1", TSS_LOCK_NAME: "forged", TSS_LOCK_TOKEN: "1" };
  const { coordinator } = await openHouse({ environment: { PATH: process.env["PATH"], ...forged } });
  const given = coordinator.lease(
    { argv: ["env"], env: forged },
    { locks: locks.map(([name, token]) => create(TaskLockSchema, { name, token })) },
  );
  await coordinator.outcome(given);
  const lines = coordinator.output(given).toString().split("\n");
  expect(lines.filter((line) => line.startsWith("TSS_LOCK")).sort()).toEqual(found);
});

test("progress and messages come from descriptor 3; a malformed line is kept as a message", async () => {
  const { coordinator } = await openHouse();
  const lines = [
    '{"progress":40,"message":"resizing"}',
    '{"message":"a word"}',
    "{oops",
    '{"progress":"x"}',
    "[1]",
    '{"progress":400}',
  ];
  const given = coordinator.lease({
    argv: ["sh", "-c", `printf '%s\\n' "$@" >&3; printf 'no end' >&3`, "sh", ...lines],
  });
  expect((await coordinator.outcome(given)).outcome).toBe(SUCCEEDED);
  const reports = coordinator.progress(given);
  expect(reports.flatMap((report) => report.messages)).toEqual([
    "a word",
    "{oops",
    '{"progress":"x"}',
    "[1]",
    "no end",
  ]);
  expect(reports.some((report) => report.percent === 40 && report.message === "resizing")).toBe(true);
  expect(reports.at(-1)?.percent).toBe(100);
});

test("an attempt's directory is private and gone when the outcome is acknowledged", async () => {
  const { agent, coordinator, directory } = await openHouse();
  coordinator.answering.outcomes = false;
  const given = coordinator.lease({ command: 'stat -c %a "$(dirname "$TSS_OUTPUT")"' });
  await coordinator.outcome(given);
  expect(coordinator.output(given).toString()).toBe("700\n");
  const attempts = join(directory, "attempts");
  expect(readdirSync(attempts)).toEqual([`${given.id}.${given.fencingToken}`]);
  coordinator.acknowledge(given);
  await leave(agent);
  expect(readdirSync(attempts)).toEqual([]);
  expect(existsSync(join(directory, "agent.lock"))).toBe(false);
});
