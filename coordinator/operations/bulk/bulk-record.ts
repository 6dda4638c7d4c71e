import { create, fromJson, type JsonObject, toJson } from "@bufbuild/protobuf";
import { type Bulk, BulkAction, BulkPhase, BulkSchema } from "../../../proto/gen/tss/v1/bulk_service_pb.js";
import { type Task, TaskStatus } from "../../../proto/gen/tss/v1/task_pb.js";
import { type ListTasksRequest, ListTasksRequestSchema } from "../../../proto/gen/tss/v1/task_service_pb.js";
import { toTimestamp } from "../../kernel/time.ts";

/** A job as it is kept. Times are wall clock, 0: not yet. */
export interface BulkRecord {
  readonly id: string;
  readonly action: BulkAction;
  readonly phase: BulkPhase;
  /** What fits, with the statuses that the action is for. */
  readonly filter: ListTasksRequest;
  /** Instead of what fits; null: the filter. */
  readonly ids: readonly string[] | null;
  readonly total: number;
  readonly more: boolean;
  readonly done: number;
  readonly changed: number;
  readonly refused: number;
  readonly reasons: readonly string[];
  readonly problem: string;
  readonly perSecond: number;
  readonly createdAt: number;
  readonly startsAt: number;
  readonly endedAt: number;
  readonly keyId: string;
  /** Where the walk through what fits is, beyond `piece`. */
  readonly cursor: string;
  /** Chosen, and noted before anything was done to them: they are not in `done` yet. */
  readonly piece: readonly string[];
}

const POSSIBLE: Readonly<Record<BulkAction, readonly TaskStatus[]>> = {
  [BulkAction.UNSPECIFIED]: [],
  [BulkAction.CANCEL]: [TaskStatus.WAITING, TaskStatus.RUNNING],
  [BulkAction.RETRY]: [TaskStatus.SUCCEEDED, TaskStatus.FAILED, TaskStatus.CANCELLED],
};

/** Statuses of a filter that the action is for; empty: it is for none of them. */
export function statusesFor(action: BulkAction, { status, failure, error }: ListTasksRequest): readonly TaskStatus[] {
  if (failure !== "" || error.length > 0) return action === BulkAction.RETRY ? [TaskStatus.FAILED] : [];
  const possible = POSSIBLE[action];
  if (status.length > 0) return possible.filter((one) => status.includes(one));
  // What has succeeded is run again only by who says so.
  return possible.filter((one) => one !== TaskStatus.SUCCEEDED);
}

/** Whether it waits for its begin or is under way. */
export function isActive({ phase }: Pick<BulkRecord, "phase">): boolean {
  return phase === BulkPhase.PENDING || phase === BulkPhase.RUNNING;
}

/** Whether it only counts, or has counted. */
export function isPrepared({ phase }: Pick<BulkRecord, "phase">): boolean {
  return phase === BulkPhase.COUNTING || phase === BulkPhase.READY;
}

/** Conditions that every version knows. */
const KNOWN: ReadonlySet<string> = new Set([
  ...["status", "queue", "name", "label", "limit", "cursor", "type", "createdAfter", "createdBefore", "failure"],
]);

/** What no task fits: no queue has such a name. */
const NOTHING = { queue: "-" };

/**
 * A coordinator of an earlier version that takes a job over must not do to more tasks what was meant for fewer: where it knows
 * not all of the conditions, it finds none.
 */
export function writeRecord(record: BulkRecord): string {
  const search = toJson(ListTasksRequestSchema, record.filter) as JsonObject;
  if (Object.keys(search).every((name) => KNOWN.has(name))) return JSON.stringify({ ...record, filter: search });
  return JSON.stringify({ ...record, filter: NOTHING, search });
}

/** What rows of earlier versions lack. */
const BEFORE = { piece: [] };

export function readRecord(text: string): BulkRecord {
  const { search, ...record } = JSON.parse(text) as Kept;
  return {
    ...BEFORE,
    ...record,
    filter: readFilter(search) ?? readFilter(record.filter) ?? create(ListTasksRequestSchema, NOTHING),
  };
}

type Kept = Omit<BulkRecord, "filter"> & { readonly filter: JsonObject; readonly search?: JsonObject };

/** Null: it is not there, or a later version has written conditions that are not known here. */
function readFilter(json: JsonObject | undefined): ListTasksRequest | null {
  try {
    return json === undefined ? null : fromJson(ListTasksRequestSchema, json);
  } catch {
    return null;
  }
}

export function describeBulk(record: BulkRecord, samples: readonly Task[]): Bulk {
  const { ids, cursor, piece, createdAt, startsAt, endedAt, reasons, ...same } = record;
  return create(BulkSchema, {
    ...same,
    byIds: ids !== null,
    reasons: [...reasons],
    samples: [...samples],
    createdAt: toTimestamp(createdAt),
    startsAt: toTimestamp(startsAt),
    endedAt: toTimestamp(endedAt),
  });
}
