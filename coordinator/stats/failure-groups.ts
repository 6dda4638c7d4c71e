import { create } from "@bufbuild/protobuf";
import {
  type FailureGroup,
  type ListFailureGroupsRequest,
  type ListFailureGroupsResponse,
  ListFailureGroupsResponseSchema,
} from "../../proto/gen/tss/v1/stats_pb.js";
import { AT, type PackedBucket } from "../kernel/stats/bucket.ts";
import { timestampMs } from "../kernel/time.ts";
import type { StatsStore } from "../ports/stats-store.ts";
import { type CountedGroup, encodeGroup, isNew, isRegressed } from "./encode.ts";
import type { FailureBook, Group } from "./failure-book.ts";
import { FAILURES, failureKey } from "./key.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const PARTS = 24;
const TOP = 5;
const ROWS = 100_000;
const STORED_GROUPS = 5_000;

/** The worst groups of the last 24 h, from memory. */
export function topFailures(book: FailureBook, now: number): FailureGroup[] {
  const groups = [...book.groups.values()].map((group) => countDay(group, now)).filter(({ attempts }) => attempts > 0);
  return groups
    .sort(worseFirst(now))
    .slice(0, TOP)
    .map((group) => encodeGroup(group, now));
}

function countDay(group: Group, now: number): CountedGroup {
  const first = Math.floor(now / HOUR_MS) - PARTS + 1;
  const byPart = new Array<number>(PARTS).fill(0);
  const sum = { attempts: 0, tasks: 0 };
  for (const hours of [group.hours, group.past])
    for (const [hour, { attempts, tasks }] of hours) {
      if (hour < first) continue;
      const part = Math.min(hour - first, PARTS - 1);
      byPart[part] = (byPart[part] ?? 0) + attempts;
      sum.attempts += attempts;
      sum.tasks += tasks;
    }
  return { ...group, ...sum, byPart };
}

/** New and regressed ones first, then by failed attempts. */
function worseFirst(now: number): (a: CountedGroup, b: CountedGroup) => number {
  const rank = (group: CountedGroup) => (isNew(group, now) || isRegressed(group, now) ? 0 : 1);
  return (a, b) =>
    rank(a) - rank(b) || b.attempts - a.attempts || b.lastSeen - a.lastSeen || (a.fingerprint < b.fingerprint ? -1 : 1);
}

/** Groups of any range, from the rollups and what is not yet stored. */
export async function listFailureGroups(
  stats: StatsStore,
  book: FailureBook,
  request: ListFailureGroupsRequest,
  now: number,
): Promise<ListFailureGroupsResponse> {
  const to = request.to === undefined ? now : timestampMs(request.to);
  const from = request.from === undefined ? to - DAY_MS : timestampMs(request.from);
  const counted = await countRange(stats, book, request.fingerprint, from, to, now);
  const known = new Map<string, Omit<CountedGroup, "attempts" | "tasks" | "byPart">>();
  for (const { attempts, ...row } of await stats.failureGroups(from, STORED_GROUPS))
    known.set(row.fingerprint, { ...row, total: attempts });
  for (const group of book.groups.values())
    known.set(group.fingerprint, mergeKnown(known.get(group.fingerprint), group));
  const groups: CountedGroup[] = [];
  for (const [fingerprint, counts] of counted) {
    const group = known.get(fingerprint);
    if (group === undefined || counts.attempts === 0) continue;
    if (request.queue !== "" && group.queue !== request.queue) continue;
    if (request.type !== undefined && group.type !== request.type) continue;
    groups.push({ ...group, ...counts });
  }
  groups.sort(worseFirst(now));
  return create(ListFailureGroupsResponseSchema, {
    groups: groups.slice(0, request.limit || 50).map((group) => encodeGroup(group, now)),
    total: groups.length,
  });
}

/** What is in memory is newer than what is stored; but another coordinator may have stored more of it. */
function mergeKnown(stored: Omit<CountedGroup, "attempts" | "tasks" | "byPart"> | undefined, group: Group) {
  if (stored === undefined) return group;
  const newer = group.lastSeen >= stored.lastSeen ? group : stored;
  return { ...newer, total: Math.max(stored.total + group.unsaved + group.elsewhere.attempts, group.total) };
}

interface Counts {
  attempts: number;
  tasks: number;
  readonly byPart: number[];
}

async function countRange(
  stats: StatsStore,
  book: FailureBook,
  fingerprint: string,
  from: number,
  to: number,
  now: number,
): Promise<Map<string, Counts>> {
  // Minutes are kept for 7 days, and are only needed where an hour is more than a part.
  const resolutionMs = to - from < PARTS * HOUR_MS && now - from < 7 * DAY_MS ? 60_000 : HOUR_MS;
  const start = Math.floor(from / resolutionMs) * resolutionMs;
  const keys = fingerprint === "" ? { prefix: FAILURES } : { in: [failureKey(fingerprint)] };
  const rows = await stats.rollups({ keys, resolutionMs, from: start, to, limit: ROWS });
  const counted = new Map<string, Counts>();
  const partMs = Math.max((to - start) / PARTS, 1);
  const count = (of: string, at: number, attempts: number, tasks: number) => {
    const counts = counted.get(of) ?? { attempts: 0, tasks: 0, byPart: new Array<number>(PARTS).fill(0) };
    counted.set(of, counts);
    const part = Math.min(Math.max(Math.floor((at - start) / partMs), 0), PARTS - 1);
    counts.byPart[part] = (counts.byPart[part] ?? 0) + attempts;
    counts.attempts += attempts;
    counts.tasks += tasks;
  };
  for (const { key, at, body } of rows) {
    const { flow = [] } = JSON.parse(body) as PackedBucket;
    count(key.slice(FAILURES.length), at, flow[AT.attemptsFailed] ?? 0, flow[AT.failed] ?? 0);
  }
  if (now >= start && now <= to + resolutionMs)
    for (const { fingerprint: of, minute, elsewhere } of book.groups.values()) {
      const attempts = minute.attempts + elsewhere.attempts;
      if (attempts > 0 && (fingerprint === "" || fingerprint === of))
        count(of, now, attempts, minute.tasks + elsewhere.tasks);
    }
  return counted;
}
