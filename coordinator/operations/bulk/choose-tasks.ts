import { clone } from "@bufbuild/protobuf";
import { TssError } from "../../../proto/errors.ts";
import { BulkAction } from "../../../proto/gen/tss/v1/bulk_service_pb.js";
import type { Task } from "../../../proto/gen/tss/v1/task_pb.js";
import { ListTasksRequestSchema } from "../../../proto/gen/tss/v1/task_service_pb.js";
import { reading } from "../../engine/reading.ts";
import type { EngineState } from "../../engine/state.ts";
import { timestampMs } from "../../kernel/time.ts";
import { findTask } from "../find-task.ts";
import { listRows } from "../list-tasks.ts";
import type { Caller, TaskOperations } from "../operations.ts";
import { isPassing } from "./act-on-tasks.ts";
import type { BulkRecord } from "./bulk-record.ts";

/** Tasks that are described at a time. */
export const CHUNK = 500;

export interface Page {
  readonly ids: readonly string[];
  readonly nextCursor: string;
  /** The tasks themselves, where they were read whole. */
  readonly described?: readonly Task[];
}

/** What is next to be done of a job. */
export interface Chosen extends Pick<Page, "ids" | "nextCursor"> {
  /** Tasks that are left out, as they have ended. */
  readonly over: number;
}

/** The next `limit` tasks that a job is for, whoever owns them. */
export async function chooseTasks(
  state: EngineState,
  tasks: Pick<TaskOperations, "listTasks">,
  caller: Caller,
  record: BulkRecord,
  limit: number,
): Promise<Chosen> {
  const { ids, done, action, cursor } = record;
  if (ids === null) return { ...(await readFitting(state, tasks, caller, record, { cursor, limit })), over: 0 };
  const named = ids.slice(done, done + limit);
  if (action !== BulkAction.CANCEL) return { ids: named, nextCursor: "", over: 0 };
  await reading(() => state.refresh());
  const ended = await Promise.all(named.map((id) => hasEnded(state, id)));
  const left = named.filter((_, at) => !ended[at]);
  return { ids: left, nextCursor: "", over: named.length - left.length };
}

/** False also for one that is not there: what is done to it says why it cannot be. */
async function hasEnded(state: EngineState, id: string): Promise<boolean> {
  try {
    return (await findTask(state, id)).end !== null;
  } catch (error) {
    if (error instanceof TssError && !isPassing(error)) return false;
    throw error;
  }
}

/** A page of what fits. @param place `described`: some of it is shown. */
export async function readFitting(
  state: EngineState,
  tasks: Pick<TaskOperations, "listTasks">,
  caller: Caller,
  { filter, action, createdAt }: BulkRecord,
  { cursor, limit, described = false }: { cursor: string; limit: number; described?: boolean },
): Promise<Page> {
  const request = Object.assign(clone(ListTasksRequestSchema, filter), { cursor });
  // What ended after it was prepared was not meant.
  const isMeant = (endedAt: number) => action !== BulkAction.RETRY || endedAt <= createdAt;
  const bare = described ? null : await listRows(state, request, limit);
  if (bare !== null) {
    const meant = bare.rows.filter(({ end }) => isMeant(end?.at ?? 0));
    return { ids: meant.map(({ task }) => state.ids.encode(task)), nextCursor: bare.nextCursor };
  }
  const page = await tasks.listTasks(
    { ...caller, inJob: true },
    Object.assign(request, { limit: Math.min(limit, CHUNK) }),
  );
  const meant = page.tasks.filter(({ endedAt }) => isMeant(endedAt === undefined ? 0 : timestampMs(endedAt)));
  return { ids: meant.map(({ id }) => id), nextCursor: page.nextCursor, described: meant };
}
