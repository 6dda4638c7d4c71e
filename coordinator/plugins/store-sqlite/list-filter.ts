import type { ListPlace, ListQuery } from "../../ports/store.ts";
import { decodeLabels, type Row } from "./row-codec.ts";

/** A row of a list before it is known whether it is wanted. */
export interface Candidate extends ListPlace {
  readonly seg: number;
  readonly name: string;
  readonly type: string;
  /** As stored. */
  readonly labels: string;
  /** Of its end; null: none. */
  readonly status: number | null;
}

export function candidateOf(row: Row, seg: number): Candidate {
  return {
    seg,
    createdAt: row["created_at"] as number,
    shard: row["shard"] as number,
    lane: row["lane"] as number,
    seq: row["seq"] as number,
    name: row["name"] as string,
    type: row["type"] as string,
    labels: row["labels"] as string,
    status: row["status"] as number | null,
  };
}

const MOVED = 0;

/** What a query wants, made once for a page. */
export function filterOf(query: ListQuery): (candidate: Candidate) => boolean {
  const lanes = query.lanes === null ? null : new Set(query.lanes);
  return (candidate) =>
    isStatusWanted(candidate.status, query) &&
    (lanes === null || lanes.has(candidate.lane)) &&
    (query.name === null || query.name === candidate.name) &&
    (query.type === null || query.type === candidate.type) &&
    !query.notNames.includes(candidate.name) &&
    !query.notTypes.includes(candidate.type) &&
    (query.labels.length + query.notLabels.length === 0 || hasLabels(decodeLabels(candidate.labels), query));
}

/** What has moved is listed from segment 0. */
function isStatusWanted(status: number | null, query: ListQuery): boolean {
  if (status === null) return query.unended;
  return status !== MOVED && (query.endStatuses === null || query.endStatuses.includes(status));
}

function hasLabels(labels: readonly string[], { labels: wanted, notLabels }: ListQuery): boolean {
  const has = (one: string) =>
    one.endsWith("=\0") ? labels.some((label) => label.startsWith(one.slice(0, -1))) : labels.includes(one);
  return wanted.every(has) && !notLabels.some(has);
}
