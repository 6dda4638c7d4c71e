import { writeFileSync } from "node:fs";
import path from "node:path";
import { create } from "@bufbuild/protobuf";
import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import {
  AgentRestart,
  AttemptSchema,
  RetryBackoff,
  TaskReason,
  TaskSpecSchema,
  TaskStatus,
} from "../../proto/gen/tss/v1/task_pb.js";
import { runTss, startTss, temporaryFolder } from "../support/run-tss.ts";
import { type House, startHouse } from "../support/scripted-house.ts";

let house: House;
beforeEach(async () => {
  house = await startHouse();
});
afterEach(() => house.close());

const tss = (...args: string[]) => runTss(args, { env: house.env });
const spec = () => house.submitted[0]?.[0];

test("create prints the id on stdout and nothing else", async () => {
  const { code, stdout, stderr } = await tss("task", "create", "--command", "echo hi");
  expect(stdout.trim()).toBe([...house.tasks.keys()][0]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(spec()).toMatchObject({ command: "echo hi", name: "echo hi" });
});

test("create says everything a task can be told", async () => {
  const flags =
    "--name report --queue media --priority -5 --delay 90s --expires 1h --retries 3 --retry-interval 250ms --retry-backoff fixed " +
    "--timeout 10m --heartbeat-timeout 30s --grace 2s --label a=1 --label b=x=y --selector zone=eu --resource gpu=1 " +
    "--env GREETING=hello=there --env HOME --cwd /srv --idempotency-key k1 " +
    "--user deploy:www-data --umask 027 --limit memory=512m --limit cpus=0.5 --limit nofile=256 --limit fsize=10 " +
    "--lock deploy --lock gpu:2 --retry-max-interval 1m --no-retry-on 64,65 --release-limit 0 --on-agent-restart kill --fairness-key tenant-7";
  const { code } = await tss("tasks", "create", ...flags.split(" "), "--", "ffmpeg", "-i", "in put");
  const sent = spec();
  expect(code).toBe(0);
  expect(sent).toMatchObject({
    name: "report",
    queue: "media",
    priority: -5,
    argv: ["ffmpeg", "-i", "in put"],
    labels: { a: "1", b: "x=y" },
    selector: { zone: "eu" },
    resources: { gpu: 1 },
    env: { GREETING: "hello=there", HOME: expect.stringContaining("/") },
    locks: [
      { name: "deploy", permits: 0 },
      { name: "gpu", permits: 2 },
    ],
    workingDirectory: "/srv",
    user: "deploy:www-data",
    umask: "027",
    limits: { memory: 512 * 1024 ** 2, cpus: 0.5, nofile: 256, fsize: 10 },
    idempotencyKey: "k1",
    fairnessKey: "tenant-7",
    retry: { limit: 3, backoff: RetryBackoff.FIXED, nonRetryableExitCodes: [64, 65], releaseLimit: 0 },
    onAgentRestart: AgentRestart.KILL,
  });
  const spans = [
    sent?.delay,
    sent?.expires,
    sent?.timeout,
    sent?.heartbeatTimeout,
    sent?.cancelGrace,
    sent?.retry?.interval,
    sent?.retry?.maxInterval,
  ];
  expect(spans.map((span) => span && durationMs(span))).toEqual([
    90_000, 3_600_000, 600_000, 30_000, 2_000, 250, 60_000,
  ]);
});

test("create takes a time and a payload from text, file or stdin", async () => {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, "job.json"), '{"size":3}');
  await tss("task", "create", "--type", "resize", "--payload", '{"size":1}', "--at", "2030-01-02T03:04:05Z");
  await tss("task", "create", "--type", "resize", "--payload", `@${folder}/job.json`);
  await runTss(["task", "create", "--type", "resize", "--payload", "-"], { env: house.env, stdin: "[2]" });
  const sent = house.submitted.map((tasks) => tasks[0]);
  const texts = sent.map((task) => Buffer.from(task?.payload?.data ?? []).toString());
  expect(texts).toEqual(['{"size":1}', '{"size":3}', "[2]"]);
  expect(sent[0]?.payload?.contentType).toBe("application/json");
  expect(sent[0]?.runAt && timestampMs(sent[0].runAt)).toBe(Date.UTC(2030, 0, 2, 3, 4, 5));
});

test("what cannot be a task is refused before anything is sent", async () => {
  for (const args of [
    ["--type", "x", "--payload", "{"],
    ["--type", "x", "--payload", "@/nowhere.json"],
    ["--type", "x", "--command", "y"],
    ["--command", "x", "--resource", "gpu=many"],
    ["--command", "x", "--env", "NOT_SET_HERE"],
    ["--command", "x", "--env", "9=1"],
    ["--command", "x", "--lock", "gpu:"],
    ["--command", "x", "--lock", "gpu:0"],
    ["--command", "x", "--lock", "gpu:10001"],
    ["--command", "x", "--lock", "gpu:1:2"],
    ["--command", "x", "--delay", "soon"],
    ["--command", "x", "--no-retry-on", "256"],
    [],
  ]) {
    const { code, stdout, stderr } = await tss("task", "create", ...args);
    expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: "" });
    expect(stderr).toMatch(/^Error: [^\n]+\n$/);
  }
  expect(house.submitted).toEqual([]);
});

test("a refusal of the coordinator is told with its own words", async () => {
  const { code, stderr } = await tss("task", "create", "--command", "x", "--queue", "full");
  expect({ code, stderr }).toEqual({ code: 1, stderr: 'Error: The queue "full" takes nothing more.\n' });
});

test("create --wait waits and ends with 0 or 1, whatever the task's own code", async () => {
  house.onSubmit = ({ id }) => house.end(id, TaskStatus.FAILED, TaskReason.EXIT_CODE, { exitCode: 42 });
  const failed = await tss("task", "create", "--wait", "--command", "x");
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain("failed (exit code)  exit code 42");
  house.onSubmit = ({ id }) => house.end(id, TaskStatus.SUCCEEDED);
  expect((await tss("task", "create", "--wait", "--json", "--command", "x")).code).toBe(0);
});

test("create --follow shows the output and ends with the task's code", async () => {
  house.onSubmit = ({ id }) => {
    house.write(id, "hello\n");
    house.end(id, TaskStatus.FAILED, TaskReason.EXIT_CODE, { exitCode: 42 });
  };
  expect(await tss("task", "create", "--follow", "--command", "x")).toMatchObject({ code: 42, stdout: "hello\n" });
});

test("status shows the task, as JSON in the words of the REST interface", async () => {
  const { id } = house.add({
    name: "evil\u001b]0;title\u0007\u202e",
    labels: { team: "a" },
    priority: 3,
    progress: undefined,
  });
  house.end(id, TaskStatus.FAILED, TaskReason.TIMED_OUT);
  const shown = await tss("task", "status", id);
  expect(shown.stdout).toContain("evil\\x1b]0;title\\x07\\u202e");
  expect(shown.stdout).toContain("failed (timed out)");
  const json = await tss("task", "status", id, "--json");
  expect(json.stdout).not.toContain("\u202e");
  expect(JSON.parse(json.stdout)).toMatchObject({
    id,
    name: "evil\u001b]0;title\u0007\u202e",
    status: "failed",
    reason: "timed_out",
    priority: 3,
    labels: { team: "a" },
    createdAt: expect.stringMatching(/^20\d\d-.*Z$/),
  });
});

test("status shows the locks a task needs and the tokens its attempts were given", async () => {
  const { id } = house.add({
    spec: create(TaskSpecSchema, { command: "./deploy.sh", locks: [{ name: "deploy" }, { name: "gpu", permits: 2 }] }),
    attempts: [
      create(AttemptSchema, {
        number: 1,
        locks: [
          { name: "deploy", token: 12n },
          { name: "gpu", token: 9_007_199_254_740_991n },
        ],
      }),
    ],
  });
  house.end(id, TaskStatus.FAILED, TaskReason.LOCK_LOST);
  const { stdout } = await tss("task", "status", id);
  expect(stdout).toContain("failed (lock lost)");
  expect(stdout).toMatch(/^Needs locks +deploy, gpu \(2 permits\)$/m);
  expect(stdout).toContain("  holds deploy (token 12), gpu (token 9007199254740991)\n");
  const { spec: needs, attempts } = JSON.parse((await tss("task", "status", id, "--json")).stdout);
  expect([needs.locks[0], attempts[0].locks[0]]).toMatchObject([{ name: "deploy" }, { name: "deploy", token: 12 }]);
});

test("list shows a table or one document, and goes on by cursor", async () => {
  for (let at = 1; at <= 5; at++) house.add({ name: `job ${at}`, queue: at % 2 === 0 ? "even" : "odd" });
  const table = await tss("task", "list", "--limit", "3");
  expect(table.stdout.split("\n")[0]).toMatch(/^ID +NAME +QUEUE +STATUS +CREATED +TIME$/);
  expect(table.stdout.match(/job \d/g)).toEqual(["job 5", "job 4", "job 3"]);
  expect(table.stderr).toContain("--cursor 3");
  const rest = JSON.parse((await tss("--json", "task", "list", "--cursor", "3")).stdout);
  expect(rest.tasks.map((task: { name: string }) => task.name)).toEqual(["job 2", "job 1"]);
  expect(rest.nextCursor).toBe("");
  const even = JSON.parse(
    (await tss("task", "list", "--queue", "even", "--status", "waiting,running", "--json")).stdout,
  );
  expect(even.tasks).toHaveLength(2);
  expect((await tss("task", "list", "--status", "wating")).stderr).toContain("must be one of waiting, running");
});

test("list takes a search as the dashboard has it, and says under its words what is wrong with it", async () => {
  for (let at = 1; at <= 4; at++) house.add({ name: `job ${at}`, queue: at % 2 === 0 ? "even" : "odd" });
  house.end([...house.tasks.keys()][1] as string, TaskStatus.FAILED, TaskReason.EXIT_CODE);
  const found = await tss("task", "list", "--search", "queue:even -status:failed", "--json");
  expect(JSON.parse(found.stdout).tasks.map((task: { name: string }) => task.name)).toEqual(["job 4"]);
  const { code, stderr } = await tss("task", "list", "--search", "queue:a wait:30s colour:red");
  expect(code).toBe(2);
  expect(stderr).toMatch(/^Error: wait:30s: Write wait:>30s, .* colour:red: Tasks cannot be searched by "colour"/);
  expect(stderr).toContain("  queue:a wait:30s colour:red\n          ^^^^^^^^ ^^^^^^^^^^\n");
  expect((await tss("task", "list", "--search", "queue:a", "--name", "b")).code).toBe(2);
});

test("wait tells apart success, failure and a timeout", async () => {
  const one = house.add({});
  const two = house.add({});
  expect((await tss("task", "wait", one.id, "--timeout", "50ms")).code).toBe(6);
  house.end(one.id, TaskStatus.SUCCEEDED);
  const waiting = startTss(["task", "wait", one.id, two.id], { env: house.env });
  await waiting.says("succeeded");
  house.end(two.id, TaskStatus.CANCELLED, TaskReason.ABORTED);
  expect(await waiting.finished).toMatchObject({ code: 1, stderr: expect.stringContaining("cancelled") });
  const json = await tss("task", "wait", one.id, "--json");
  expect(json.code).toBe(0);
  expect(JSON.parse(json.stdout)).toMatchObject({ tasks: [{ id: one.id, status: "succeeded" }], pending: [] });
});

test("abort and retry answer for each id, and the first refusal gives the code", async () => {
  const { id } = house.add({});
  const aborted = await tss("task", "abort", id, "no-such-task");
  expect(aborted).toMatchObject({ code: 5, stdout: `${id}  cancelled\n` });
  expect(aborted.stderr).toContain("no-such-task  There is no task no-such-task.");
  const retried = JSON.parse((await tss("task", "retry", id, "--json")).stdout);
  expect(retried.results[0].task).toMatchObject({ retryOf: id, status: "waiting" });
  expect((await tss("task", "retry", retried.results[0].task.id)).code).toBe(1);
});

test("why says what holds a task and what to do", async () => {
  const { id } = house.add({ queue: "gpu" });
  const { stdout } = await tss("task", "why", id);
  expect(stdout).toBe('No worker serves the queue "gpu".\n  queue=gpu\n  → Start an agent.\n    tss-agent\n');
});

test("logs shows one attempt, one stream, or follows to the end", async () => {
  const { id } = house.add({});
  house.write(id, "old\n");
  house.write(id, "out\n", { attempt: 2 });
  house.write(id, "err\n", { attempt: 2, stderr: true });
  expect(await tss("task", "logs", id)).toMatchObject({ code: 0, stdout: "out\n", stderr: "err\n" });
  expect(await tss("task", "logs", id, "--attempt", "1")).toMatchObject({ stdout: "old\n", stderr: "" });
  expect(await tss("task", "logs", id, "--stream", "stderr")).toMatchObject({ stdout: "", stderr: "err\n" });
  const following = startTss(["task", "logs", "-f", id], { env: house.env });
  await following.says("out");
  house.write(id, "last\n", { attempt: 2 });
  house.end(id, TaskStatus.SUCCEEDED);
  expect(await following.finished).toMatchObject({ code: 0, stdout: "old\nout\nlast\n" });
});

test("view prints a table once when stdout is no terminal", async () => {
  house.add({ name: "nightly" });
  const { code, stdout } = await tss("task", "view");
  expect(code).toBe(0);
  expect(stdout).toContain("nightly");
  expect(stdout).not.toContain("\u001b");
});

test("a reader that closes early ends the command quietly", async () => {
  for (let at = 0; at < 400; at++) house.add({ name: "x".repeat(200) });
  const started = startTss(["task", "list", "--limit", "400"], { env: house.env });
  started.child.stdout?.destroy();
  expect((await started.finished).stderr).not.toContain("Error");
});

test("ui prints the address of the dashboard", async () => {
  const env = { ...house.env, TSS_GATEWAY_LISTEN: "0.0.0.0:7499" };
  expect((await runTss(["ui", "--print"], { env })).stdout).toBe("http://127.0.0.1:7499\n");
  expect((await runTss(["task", "ui", "a/b", "--print"], { env })).stdout).toBe("http://127.0.0.1:7499/#/task/a%2Fb\n");
});

test("abort and retry take more ids than one message does", async () => {
  const ids = Array.from({ length: 1_001 }, () => house.add({ name: "x" }).id);
  const aborted = await tss("task", "abort", ...ids);
  expect(aborted).toMatchObject({ code: 0, stderr: "" });
  expect(aborted.stdout.trim().split("\n")).toEqual(ids.map((id) => `${id}  cancelled`));
  const retried = await tss("task", "retry", ...ids, "--json");
  expect(retried.code).toBe(0);
  expect(JSON.parse(retried.stdout).results).toHaveLength(1_001);
});
