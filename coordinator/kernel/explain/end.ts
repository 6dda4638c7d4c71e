import { TaskReason, TaskStatus } from "../../../proto/gen/tss/v1/task_pb.js";
import { countText } from "../words.ts";
import { type Reason, reason, time } from "./reason.ts";

export interface EndedTask {
  readonly id: string;
  readonly status: TaskStatus;
  readonly reason: TaskReason;
  readonly message: string;
  readonly attempts: number;
  readonly exitCode: number | undefined;
  readonly endedAt: number;
  readonly retriedAs: string;
  /** Failures of its kind, where they are known. */
  readonly group: {
    readonly fingerprint: string;
    readonly total: number;
    readonly firstSeen: number;
    readonly firstVersion: string;
  } | null;
}

/** What to do about each failed reason; the rest is in the output. */
const ACTIONS: { readonly [K in TaskReason]?: string } = {
  [TaskReason.TIMED_OUT]: "Give it a longer timeout, or look why it took so long: tss task logs ID",
  [TaskReason.HEARTBEAT]: "Let the handler report progress more often, or give it a longer heartbeat timeout.",
  [TaskReason.LOST]: "See why its worker vanished; then run it again: tss task retry ID",
  [TaskReason.EXPIRED]: "Add workers or slots, or give it a longer expiry.",
  [TaskReason.REJECTED]: "Allow the command in TSS_AGENT_ALLOW of an agent, or submit it to another queue.",
  [TaskReason.SPAWN_ERROR]: "See whether the program is on the agent's machine and may be run.",
  [TaskReason.OUT_OF_MEMORY]: "Give it more memory, or let it use less.",
  [TaskReason.RESULT_TOO_LARGE]: "Let it store what is large elsewhere and give a reference.",
};

/** How a task ended, and what to do about it. */
export function explainEnd(task: EndedTask): Reason {
  const { status, id } = task;
  const evidence = {
    ...(task.endedAt === 0 ? {} : { ended_at: time(task.endedAt) }),
    attempts: String(task.attempts),
    ...(task.retriedAs === "" ? {} : { retried_as: task.retriedAs }),
  };
  if (status === TaskStatus.SUCCEEDED)
    return reason({ code: "succeeded", message: "It has succeeded.", action: "Nothing.", evidence });
  if (status === TaskStatus.CANCELLED)
    return reason({
      ...{ code: "cancelled", message: "It was cancelled.", evidence, command: `tss task retry ${id}` },
      action: `Run it again: tss task retry ${id}`,
    });
  const name = TaskReason[task.reason]?.toLowerCase() ?? "failed";
  const alike = likeIt(task.group);
  return reason({
    code: name,
    message: `It has failed${task.message === "" ? ` (${name.replaceAll("_", " ")}).` : `: ${task.message}`}${alike}`,
    action: (ACTIONS[task.reason] ?? "Read its output: tss task logs ID").replace("ID", id),
    command: `tss task logs ${id}`,
    evidence: {
      ...evidence,
      ...(task.exitCode === undefined ? {} : { exit_code: String(task.exitCode) }),
      ...(task.group === null ? {} : { failure_group: task.group.fingerprint, alike: String(task.group.total) }),
    },
  });
}

function likeIt(group: EndedTask["group"]): string {
  if (group === null || group.total < 2) return "";
  const version = group.firstVersion === "" ? "" : `, first with version ${group.firstVersion}`;
  return ` (${countText(group.total)} attempts failed like this since ${time(group.firstSeen)}${version})`;
}
