import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { AttemptSchema, TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { OLD_NODES } from "../support/nodes.ts";
import { type Finished, runTss, startTss } from "../support/run-tss.ts";
import { type House, startHouse } from "../support/scripted-house.ts";

let house: House;
beforeEach(async () => {
  house = await startHouse();
});
afterEach(() => house.close());

const run = (args: readonly string[]): Promise<Finished> => runTss(args, { env: house.env });

test("run shows stdout and stderr where they belong and ends with the task's code", async () => {
  house.onSubmit = ({ id }) => {
    house.write(id, "one\n");
    house.write(id, "warning\n", { stderr: true });
    house.write(id, "two\n");
    house.end(id, TaskStatus.FAILED, TaskReason.EXIT_CODE, { exitCode: 3 });
  };
  const { code, stdout, stderr } = await run(["run", "--queue", "ci", "--", "make", "-j2"]);
  expect({ code, stdout, stderr }).toEqual({ code: 3, stdout: "one\ntwo\n", stderr: "warning\n" });
  expect(house.submitted[0]?.[0]).toMatchObject({ argv: ["make", "-j2"], name: "make -j2", queue: "ci" });
});

test("bytes that are not text pass untouched to a pipe", async () => {
  const bytes = Buffer.from([0, 255, 27, 93, 48, 59, 7, 195, 40, 13, 10]);
  house.onSubmit = ({ id }) => {
    house.write(id, bytes);
    house.end(id, TaskStatus.SUCCEEDED);
  };
  const started = startTss(["run", "--", "cat", "image"], { env: house.env });
  started.child.stdout?.setEncoding("latin1");
  const { code, stdout } = await started.finished;
  expect(Buffer.from(stdout, "latin1")).toEqual(bytes);
  expect(code).toBe(0);
});

test("a signal gives 128 plus its number, a timeout 124, a command that could not start 127", async () => {
  const ends = [
    { reason: TaskReason.SIGNAL, code: 137 },
    { reason: TaskReason.TIMED_OUT, code: 124 },
    { reason: TaskReason.SPAWN_ERROR, code: 127 },
    { reason: TaskReason.LOST, code: 1 },
  ];
  for (const { reason, code } of ends) {
    house.onSubmit = ({ id }) => {
      house.change(id, {
        attempts: [create(AttemptSchema, { number: 1, signal: reason === TaskReason.SIGNAL ? "SIGKILL" : "" })],
      });
      house.end(id, TaskStatus.FAILED, reason);
    };
    const finished = await run(["run", "--", "true"]);
    expect(finished.code).toBe(code);
    expect(finished.stderr).toContain("failed (");
  }
});

test("a lost connection is taken up at the byte where it broke", async () => {
  house.breakAfter = 2;
  house.onSubmit = ({ id }) => {
    for (const letter of "abcdef") house.write(id, letter);
    house.end(id, TaskStatus.SUCCEEDED);
  };
  const started = startTss(["run", "--", "spell"], { env: house.env });
  house.beforeBreak = () => started.says("ab");
  const { code, stdout, stderr } = await started.finished;
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "abcdef", stderr: "" });
  expect(house.tails.slice(0, 2)).toEqual([
    { attempt: 0, offset: 0 },
    { attempt: 1, offset: 2 },
  ]);
});

test("every attempt's output is shown once, in order, also when some have gone by", async () => {
  house.onSubmit = ({ id }) => {
    house.write(id, "first\n", { attempt: 1 });
    house.write(id, "second\n", { attempt: 2 });
    house.write(id, "third\n", { attempt: 3 });
    house.end(id, TaskStatus.SUCCEEDED);
  };
  expect(await run(["run", "--retries", "2", "--", "flaky"])).toMatchObject({
    code: 0,
    stdout: "first\nsecond\nthird\n",
  });
});

test("output that was not kept is told on stderr", async () => {
  house.onSubmit = ({ id }) => {
    house.write(id, "head\n");
    house.write(id, "tail\n", { elidedBytes: 2048 });
    house.end(id, TaskStatus.SUCCEEDED);
  };
  const { stdout, stderr } = await run(["run", "--", "chatty"]);
  expect(stdout).toBe("head\ntail\n");
  expect(stderr).toContain("2 KiB of output were not kept here");
});

test("Ctrl-C cancels the task once and shows it to the end", async () => {
  house.onSubmit = ({ id }) => house.write(id, "working\n");
  const started = startTss(["run", "--", "sleep", "9"], { env: house.env });
  await started.says("working");
  started.child.kill("SIGINT");
  await house.until(() => house.cancelled.length > 0);
  const [id = ""] = house.cancelled;
  house.write(id, "cleaning up\n");
  house.end(id, TaskStatus.CANCELLED, TaskReason.ABORTED);
  const { code, stdout } = await started.finished;
  expect({ code, stdout }).toEqual({ code: 130, stdout: "working\ncleaning up\n" });
});

test("a second Ctrl-C leaves the task to itself", async () => {
  house.onSubmit = ({ id }) => house.write(id, "working\n");
  const started = startTss(["run", "--", "sleep", "9"], { env: house.env });
  await started.says("working");
  started.child.kill("SIGINT");
  await started.says("Ctrl-C again");
  started.child.kill("SIGINT");
  const { code, stderr } = await started.finished;
  expect(code).toBe(130);
  expect(stderr).toContain("left; ");
  expect([...house.tasks.values()][0]?.endedAt).toBeUndefined();
});

test("SIGTERM cancels and gives 143", async () => {
  house.onSubmit = ({ id }) => house.write(id, "working\n");
  const started = startTss(["run", "--", "sleep", "9"], { env: house.env });
  await started.says("working");
  started.child.kill("SIGTERM");
  await house.until(() => house.cancelled.length > 0);
  house.end(house.cancelled[0] ?? "", TaskStatus.CANCELLED, TaskReason.ABORTED);
  expect((await started.finished).code).toBe(143);
});

test("a task whose output nobody reads any more is cancelled", async () => {
  house.onSubmit = ({ id }) => house.write(id, "y\n".repeat(1_000));
  const started = startTss(["run", "--", "yes"], { env: house.env });
  await started.says("y");
  started.child.stdout?.destroy();
  house.write([...house.tasks.keys()][0] ?? "", "y\n".repeat(1_000));
  await house.until(() => house.cancelled.length > 0);
  expect(await started.finished).toMatchObject({ code: 141, stderr: "" });
});

for (const { file, version } of OLD_NODES)
  test(`started by Node.js ${version}, run gives code, output and Ctrl-C on as if it were there`, async () => {
    house.onSubmit = ({ id }) => {
      house.write(id, "out\n");
      house.write(id, "err\n", { stderr: true });
    };
    const started = startTss(["run", "--", "make"], { env: house.env, node: file });
    await started.says("err");
    started.child.kill("SIGINT");
    await house.until(() => house.cancelled.length > 0);
    house.end(house.cancelled[0] ?? "", TaskStatus.CANCELLED, TaskReason.ABORTED);
    expect(await started.finished).toMatchObject({ code: 130, stdout: "out\n" });
    house.onSubmit = ({ id }) => house.end(id, TaskStatus.FAILED, TaskReason.EXIT_CODE, { exitCode: 9 });
    expect((await runTss(["run", "--", "make"], { env: house.env, node: file })).code).toBe(9);
  });

test("with --json every line is a document and the last one the task", async () => {
  house.onSubmit = ({ id }) => {
    house.write(id, "hé\n");
    house.end(id, TaskStatus.SUCCEEDED, undefined, { exitCode: 0 });
  };
  const { code, stdout, stderr } = await run(["run", "--json", "--", "echo", "--json"]);
  const documents = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(documents[0]).toEqual({
    attempt: 1,
    offset: 0,
    stream: "stdout",
    data: Buffer.from("hé\n").toString("base64"),
  });
  expect(documents[1].task).toMatchObject({ status: "succeeded", exitCode: 0 });
  expect({ code, stderr, count: documents.length }).toEqual({ code: 0, stderr: "", count: 2 });
});

test("a command without -- in front is refused", async () => {
  const { code, stderr } = await run(["run", "make", "-j2"]);
  expect(code).toBe(2);
  expect(stderr).toBe('Error: The command to run comes after "--": tss run -- make -j2\n');
});
