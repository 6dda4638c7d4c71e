import { toBinary } from "@bufbuild/protobuf";
import {
  type AttemptOutcome,
  type Progress,
  ProgressSchema,
  TaskErrorSchema,
  type TaskReason,
} from "../../proto/gen/tss/v1/task_pb.js";
import { WireWriter } from "../../proto/wire-writer.ts";
import type { AttemptReport } from "./attempt-report.ts";

/** What is kept of an attempt that has ended; times are ms since 1970, 0: not known. */
export interface EndedAttempt {
  readonly number: number;
  readonly outcome: AttemptOutcome;
  readonly reason: TaskReason;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Absent: its worker reported nothing. */
  readonly report: AttemptReport | undefined;
  readonly outputKeptBytes: number;
  readonly progress: Progress | null;
  readonly messages: readonly { readonly at: number; readonly text: string }[];
}

const writer = new WireWriter();

/** A tss.v1.Attempt as bytes, its fields as task.proto numbers them: every end carries one. */
export function encodeAttempt(attempt: EndedAttempt): Uint8Array {
  const { number, report } = attempt;
  writer.integer(1, number);
  writer.integer(2, attempt.outcome);
  writer.integer(3, attempt.reason);
  writer.milliseconds(8, attempt.startedAt);
  writer.milliseconds(9, attempt.endedAt);
  if (report !== undefined) {
    if (report.exitCode !== undefined) writer.optional(10, report.exitCode);
    writer.text(11, report.signal);
    if (report.error !== undefined) writer.bytes(12, toBinary(TaskErrorSchema, report.error));
    writer.integer(13, report.survivors);
    writer.integer(14, report.outputBytes);
    writer.integer(15, attempt.outputKeptBytes);
  }
  if (attempt.progress !== null) writer.bytes(16, toBinary(ProgressSchema, attempt.progress));
  for (const { at, text } of attempt.messages) {
    const place = writer.begin(17);
    writer.milliseconds(1, at);
    writer.text(2, text);
    writer.integer(3, number);
    writer.end(place);
  }
  return writer.finish();
}
