import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AttemptOutcome } from "../proto/gen/tss/v1/task_pb.js";
import { type OutcomeReport, OutcomeReportSchema } from "../proto/gen/tss/v1/worker_service_pb.js";
import { LIMITS } from "../proto/limits.ts";
import type { Verdict } from "./outcome.ts";
import { cutText } from "./text.ts";

export interface AttemptFacts {
  readonly id: string;
  readonly fencingToken: bigint;
  /** Milliseconds since 1970; absent: it never started. */
  readonly startedAt?: number;
  readonly endedAt: number;
  readonly outputBytes: number;
}

/** The report of a verdict. Only a success carries a result. */
export function outcomeReport(facts: AttemptFacts, verdict: Verdict): OutcomeReport {
  const succeeded = verdict.outcome === AttemptOutcome.SUCCEEDED;
  return create(OutcomeReportSchema, {
    id: facts.id,
    fencingToken: facts.fencingToken,
    outcome: verdict.outcome,
    reason: verdict.reason,
    signal: verdict.signal ?? "",
    survivors: verdict.survivors,
    nonRetryable: verdict.final ?? false,
    outputBytes: BigInt(facts.outputBytes),
    endedAt: timestampFromMs(facts.endedAt),
    ...(facts.startedAt === undefined ? {} : { startedAt: timestampFromMs(facts.startedAt) }),
    ...(verdict.exitCode === undefined ? {} : { exitCode: verdict.exitCode }),
    ...(verdict.message === "" ? {} : { error: { message: cutText(verdict.message, LIMITS.errorMessageBytes) } }),
    ...(succeeded && verdict.result !== undefined ? { result: verdict.result } : {}),
  });
}
