import type { AttemptOutcome, TaskReason } from "../../../proto/gen/tss/v1/task_pb.js";
import type { WireWriter } from "../../../proto/wire-writer.ts";
import type { PayloadInit } from "../codecs/payload-codec.ts";

/** An OutcomeReport of a handler's attempt, in plain numbers. */
export interface HandlerReport {
  readonly id: string;
  readonly token: number;
  readonly outcome: AttemptOutcome;
  readonly reason?: TaskReason;
  readonly error?: { readonly type: string; readonly message: string };
  readonly result?: PayloadInit;
  /** Milliseconds since 1970; absent: it never began. */
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly nonRetryable?: boolean;
  /** Milliseconds. */
  readonly retryAfterMs?: number;
}

/** Writes it as a field, by the numbers of worker_service.proto. */
export function writeReport(writer: WireWriter, field: number, report: HandlerReport): void {
  const place = writer.begin(field);
  writer.text(1, report.id);
  writer.integer(2, report.token);
  writer.integer(3, report.outcome);
  writer.integer(4, report.reason ?? 0);
  if (report.error !== undefined) {
    const inside = writer.begin(7);
    writer.text(1, report.error.type);
    writer.text(2, report.error.message);
    writer.end(inside);
  }
  if (report.result !== undefined) writePayload(writer, report.result);
  writer.milliseconds(9, report.startedAt ?? 0);
  writer.milliseconds(10, report.endedAt ?? 0);
  writer.flag(13, report.nonRetryable ?? false);
  if (report.retryAfterMs !== undefined) writeDuration(writer, report.retryAfterMs);
  writer.end(place);
}

function writePayload(writer: WireWriter, { data, contentType, encodings }: PayloadInit): void {
  const place = writer.begin(8);
  if (data.length > 0) writer.bytes(1, data);
  writer.text(2, contentType);
  for (const encoding of encodings) writer.text(3, encoding);
  writer.end(place);
}

/** A pause of 0 ms is a wish too: the field is there, and empty. */
function writeDuration(writer: WireWriter, ms: number): void {
  if (ms > 0) writer.milliseconds(14, ms);
  else writer.end(writer.begin(14));
}
