import { expect, test } from "@jest/globals";
import { AttemptOutcome, TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import type { EndedProcess } from "../../worker-agent/executors/executor.ts";
import { judge } from "../../worker-agent/outcome.ts";
import type { StopCause } from "../../worker-agent/stop.ts";

const { SUCCEEDED, FAILED, CANCELLED, RELEASED } = AttemptOutcome;

const ended = (over: Partial<EndedProcess>): EndedProcess => ({
  kind: "ended",
  exitCode: 0,
  signal: undefined,
  stoppedBy: undefined,
  outOfMemory: false,
  notStartedByShell: undefined,
  survivors: 0,
  result: { kind: "none" },
  lastError: "",
  ...over,
});

test.each<[string, Partial<EndedProcess>, AttemptOutcome, TaskReason]>([
  ["exit 0", {}, SUCCEEDED, TaskReason.UNSPECIFIED],
  ["exit 1", { exitCode: 1 }, FAILED, TaskReason.EXIT_CODE],
  ["a signal", { exitCode: undefined, signal: "SIGHUP" }, FAILED, TaskReason.SIGNAL],
  ["no memory", { exitCode: undefined, signal: "SIGKILL", outOfMemory: true }, FAILED, TaskReason.OUT_OF_MEMORY],
  ["nothing started by the shell", { exitCode: 127, notStartedByShell: "x" }, FAILED, TaskReason.SPAWN_ERROR],
  ["too large a result", { result: { kind: "too_large", bytes: 300_000 } }, FAILED, TaskReason.RESULT_TOO_LARGE],
  [
    "a failure with too large a result",
    { exitCode: 2, result: { kind: "too_large", bytes: 3e5 } },
    FAILED,
    TaskReason.EXIT_CODE,
  ],
])("%s", (_, over, outcome, reason) => {
  expect(judge(ended(over), "hand")).toMatchObject({ outcome, reason });
});

test.each<[StopCause, AttemptOutcome, TaskReason]>([
  ["aborted", CANCELLED, TaskReason.ABORTED],
  ["timed_out", FAILED, TaskReason.TIMED_OUT],
  ["heartbeat", FAILED, TaskReason.HEARTBEAT],
  ["lock_lost", FAILED, TaskReason.LOCK_LOST],
  ["drained", RELEASED, TaskReason.UNSPECIFIED],
  ["lost", FAILED, TaskReason.LOST],
])("what was stopped as %s is so even if it ended with 0", (stoppedBy, outcome, reason) => {
  expect(judge(ended({ stoppedBy }), "hand")).toMatchObject({ outcome, reason, exitCode: 0 });
});

test("without a code and without a signal nobody knows how it ended", () => {
  expect(judge(ended({ exitCode: undefined }), "hand")).toMatchObject({ outcome: FAILED, reason: TaskReason.LOST });
});

test("what never started is given back, unless a call asked for its end", () => {
  expect(judge({ kind: "not_started", stoppedBy: "drained" }, "hand").outcome).toBe(RELEASED);
  expect(judge({ kind: "not_started", stoppedBy: "aborted" }, "hand").outcome).toBe(CANCELLED);
});

test("an exit code that a shell made of a signal is explained", () => {
  expect(judge(ended({ exitCode: 137 }), "hand").message).toBe(
    "The command ended with exit code 137 (a program in it was ended by SIGKILL).",
  );
});
