import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type ActivityEntry,
  ActivityEntrySchema,
  type FailureGroup,
  FailureGroupSchema,
  type Latency,
  LatencySchema,
  type PoolStats,
  PoolStatsSchema,
  type Problem,
  ProblemSchema,
  type QueueStats,
  QueueStatsSchema,
  Severity,
  SlowerTypeSchema,
  type Verdict,
  VerdictSchema,
} from "../../proto/gen/tss/v1/stats_pb.js";
import type { OpenProblem, VerdictView } from "../kernel/problems/judge.ts";
import type { SeverityName } from "../kernel/problems/rule.ts";
import type { LatencyView, PoolView, QueueView, SlowerView } from "../kernel/stats/view.ts";
import { toDuration, toTimestamp } from "../kernel/time.ts";
import type { ActivityRow } from "../ports/stats-store.ts";

/** Plain numbers in the messages of the contract. */

const SEVERITY: Readonly<Record<SeverityName, Severity>> = {
  info: Severity.INFO,
  warning: Severity.WARNING,
  critical: Severity.CRITICAL,
};

/** At least as many 20 ended tasks make a share worth telling. */
const SHARE_OF = 20;

export function encodeLatency({ count, meanMs, p50Ms, p95Ms, p99Ms }: LatencyView): Latency {
  return create(LatencySchema, {
    count: BigInt(count),
    ...(meanMs === undefined ? {} : { mean: toDuration(meanMs) }),
    ...(p50Ms === undefined ? {} : { p50: toDuration(p50Ms) }),
    ...(p95Ms === undefined ? {} : { p95: toDuration(p95Ms) }),
    ...(p99Ms === undefined ? {} : { p99: toDuration(p99Ms) }),
  });
}

export function encodeQueue(view: QueueView, spark: readonly number[]): QueueStats {
  const { states, oldestReadyMs, ended10, failed10, drainMs, pressure, neededSlots } = view;
  const init: MessageInitShape<typeof QueueStatsSchema> = {
    queue: view.queue,
    paused: view.paused,
    states: {
      ready: BigInt(states.ready),
      scheduled: BigInt(states.scheduled),
      retrying: BigInt(states.retrying),
      blocked: BigInt(states.blocked),
      paused: BigInt(states.paused),
      throttled: BigInt(states.throttled),
      running: BigInt(states.running),
    },
    inPerMinute: BigInt(view.inPerMinute),
    outPerMinute: BigInt(view.outPerMinute),
    wait: encodeLatency(view.wait),
    run: encodeLatency(view.run),
    workers: view.workers,
    slots: view.slots,
    slotsUsed: view.slotsUsed,
    finishedByMinute: [...spark],
    badness: Math.round(view.badness * 1_000) / 1_000,
    ...(oldestReadyMs === undefined ? {} : { oldestReadyAge: toDuration(oldestReadyMs) }),
    ...(ended10 < SHARE_OF ? {} : { failureRatio: failed10 / ended10 }),
    ...(drainMs === undefined ? {} : { drain: toDuration(Math.round(drainMs)) }),
    ...(pressure === undefined ? {} : { pressure }),
    ...(neededSlots === undefined ? {} : { neededSlots }),
  };
  return create(QueueStatsSchema, init);
}

export function encodePool({ heartbeatAgeMs, versions, ...pool }: PoolView): PoolStats {
  return create(PoolStatsSchema, { ...pool, versions: { ...versions }, heartbeatAge: toDuration(heartbeatAgeMs) });
}

export function encodeProblem(problem: OpenProblem, closedAt = 0): Problem {
  const { id, code, subject, summary, action, command, evidence, alert, since, severity } = problem;
  return create(ProblemSchema, {
    ...{ id, code, subject, summary, action, command, alert },
    evidence: { ...evidence },
    severity: SEVERITY[severity],
    ...(since === 0 ? {} : { openedAt: toTimestamp(since) }),
    ...(closedAt === 0 ? {} : { closedAt: toTimestamp(closedAt) }),
  });
}

export function encodeVerdict({ severity, sentence, problemId }: VerdictView): Verdict {
  return create(VerdictSchema, {
    severity: severity === null ? Severity.UNSPECIFIED : SEVERITY[severity],
    sentence,
    problemId,
  });
}

export function encodeSlower({ type, p95Ms, baselineP95Ms, runs, version }: SlowerView) {
  return create(SlowerTypeSchema, {
    ...{ type, version, runs: BigInt(runs) },
    p95: toDuration(p95Ms),
    baselineP95: toDuration(baselineP95Ms),
  });
}

export function encodeActivity({ at, detail, id, ...row }: ActivityRow & { readonly id: number }): ActivityEntry {
  return create(ActivityEntrySchema, {
    ...row,
    id: BigInt(id),
    at: toTimestamp(at),
    detail: JSON.parse(detail) as Record<string, string>,
  });
}

const DAY_MS = 86_400_000;

/** A group with what a range has counted of it. */
export interface CountedGroup {
  readonly fingerprint: string;
  readonly queue: string;
  readonly type: string;
  readonly reason: number;
  readonly errorType: string;
  readonly title: string;
  readonly sampleMessage: string;
  readonly sampleIds: readonly string[];
  readonly total: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly firstVersion: string;
  readonly lastVersion: string;
  readonly backAt: number;
  readonly attempts: number;
  readonly tasks: number;
  readonly byPart: readonly number[];
}

export function encodeGroup(group: CountedGroup, now: number): FailureGroup {
  const { fingerprint, queue, type, reason, errorType, title, sampleMessage, firstVersion, lastVersion } = group;
  return create(FailureGroupSchema, {
    ...{ fingerprint, queue, type, reason, errorType, title, sampleMessage, firstVersion, lastVersion },
    sampleTaskIds: [...group.sampleIds],
    attempts: BigInt(group.attempts),
    tasks: BigInt(group.tasks),
    totalAttempts: BigInt(group.total),
    firstSeenAt: toTimestamp(group.firstSeen),
    lastSeenAt: toTimestamp(group.lastSeen),
    isNew: isNew(group, now),
    regressed: isRegressed(group, now),
    byPart: [...group.byPart],
  });
}

export const isNew = ({ firstSeen }: { readonly firstSeen: number }, now: number): boolean => now - firstSeen < DAY_MS;

export const isRegressed = ({ backAt }: { readonly backAt: number }, now: number): boolean =>
  backAt > 0 && now - backAt < DAY_MS;
