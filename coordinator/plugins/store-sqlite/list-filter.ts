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

export function isWanted(candidate: Candidate, query: ListQuery): boolean {
  return (
    isStatusWanted(candidate.status, query) &&
    (query.lanes === null || query.lanes.includes(candidate.lane)) &&
    (query.name === null || query.name === candidate.name) &&
    (query.type === null || query.type === candidate.type) &&
    (query.labels.length === 0 || hasLabels(decodeLabels(candidate.labels), query.labels))
  );
}

/** What has moved is listed from segment 0. */
function isStatusWanted(status: number | null, query: ListQuery): boolean {
  if (status === null) return query.unended;
  return status !== MOVED && (query.endStatuses === null || query.endStatuses.includes(status));
}

function hasLabels(labels: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((one) => {
    const anyValue = one.endsWith("=\0");
    return anyValue ? labels.some((label) => label.startsWith(one.slice(0, -1))) : labels.includes(one);
  });
}
