import { create } from "@bufbuild/protobuf";
import { expect, test } from "@jest/globals";
import { followTask } from "../../cli/follow/follow-task.ts";
import { TssError } from "../../proto/errors.ts";
import { type Task, TaskReason, TaskSchema, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import type { Tasks } from "../../sdk/typescript/client/tasks.ts";

const ended = create(TaskSchema, { id: "t1", status: TaskStatus.FAILED, reason: TaskReason.LOST });
const gone = new TssError("UNAVAILABLE", "No coordinator answers at 127.0.0.1:1 (ECONNREFUSED).");

/** A coordinator that answers `getTask` a number of times and is gone then. */
function leaving(times: number, wait: () => Promise<Task>): Tasks {
  let left = times;
  const known = {
    getTask: async () => {
      if (left-- <= 0) throw gone;
      return { task: ended };
    },
    waitTask: async () => ({ task: await wait(), ended: true }),
    tailLogs: async function* () {},
  };
  return known as unknown as Tasks;
}

test("a coordinator that leaves when it has told the end has told it", async () => {
  const options = { write: async () => {}, note: () => {}, talkative: false };
  const { task, exitCode } = await followTask(
    leaving(1, async () => ended),
    "t1",
    options,
  );
  expect({ id: task.id, exitCode }).toEqual({ id: "t1", exitCode: 1 });
});

test("who cannot follow any more is told the task and how to go on", async () => {
  const notes: string[] = [];
  const refused = new TssError("UNAUTHENTICATED", "The API key has expired.");
  const following = followTask(
    leaving(1, () => Promise.reject(refused)),
    "t1",
    { write: async () => {}, note: (text) => notes.push(text), talkative: false },
  );
  await expect(following).rejects.toBe(refused);
  expect(notes).toEqual([expect.stringContaining('"tss task logs t1 -f" follows it again')]);
});
