import { create } from "@bufbuild/protobuf";
import { TssError } from "../../proto/errors.ts";
import { TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import {
  type ListTasksRequest,
  type ListTasksResponse,
  ListTasksResponseSchema,
} from "../../proto/gen/tss/v1/task_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { reading } from "../engine/reading.ts";
import type { EngineState } from "../engine/state.ts";
import { checkQueueName } from "../kernel/check-spec.ts";
import { timestampMs, toTimestamp } from "../kernel/time.ts";
import { Violations } from "../kernel/violations.ts";
import type { StoredTask } from "../ports/rows.ts";
import type { ListPage, ListPlace, ListQuery } from "../ports/store.ts";
import { fingerprintOfTask } from "../stats/task-failure.ts";
import { describeTask } from "./describe-task.ts";
import { listRunning, mergePages } from "./list-running.ts";

/** Rows looked at for one page; a search without an index says how far it came. */
const MAX_SCANNED = 20_000;

/** Failed tasks looked at for one page of a failure group, which no index knows. */
const MAX_COMPARED = 5_000;

const ENDED = [TaskStatus.SUCCEEDED, TaskStatus.FAILED, TaskStatus.CANCELLED];

/** One page of tasks, newest first. */
export async function listTasks(state: EngineState, request: ListTasksRequest): Promise<ListTasksResponse> {
  checkList(request);
  await reading(() => state.refresh());
  const { failure } = request;
  const limit = request.limit === 0 ? LIMITS.pageSizeDefault : request.limit;
  const wanted = new Set(failure === "" ? request.status : [TaskStatus.FAILED]);
  const query = toQuery(state, request, wanted, limit);
  if (query === null) return create(ListTasksResponseSchema);
  const tasks: ListTasksResponse["tasks"] = [];
  let place = query.after;
  let incomplete = false;
  let compared = 0;
  // Waiting and running are told apart in memory: a page of what waits may take several of the store.
  for (;;) {
    const page = await readPage(state, { ...query, after: place, limit: limit - tasks.length }, wanted);
    const described = await describePage(state, page.tasks);
    for (const [index, task] of described.entries())
      if (wanted.size === 0 || wanted.has(task.status))
        if (failure === "" || failure === fingerprintOfTask(task, page.tasks[index]?.end?.detail)) tasks.push(task);
    compared += failure === "" ? 0 : described.length;
    place = page.next;
    incomplete = page.incomplete || compared >= MAX_COMPARED;
    if (place === null || incomplete || tasks.length >= limit) break;
  }
  return create(ListTasksResponseSchema, {
    tasks,
    nextCursor: place === null ? "" : writeCursor(place),
    scannedTo: incomplete && place !== null ? toTimestamp(place.createdAt) : undefined,
  });
}

/** Tasks as they are stored, and where to go on; "": there is nothing further. */
export interface RowPage {
  readonly rows: readonly StoredTask[];
  readonly nextCursor: string;
}

/**
 * The same without a description, which costs most of a page. Null: what is stored alone does not say which tasks fit, as
 * with what only waits, or with failures of one kind.
 * @param request within its limits. @param limit rows; any number.
 */
export async function listRows(state: EngineState, request: ListTasksRequest, limit: number): Promise<RowPage | null> {
  const wanted = new Set(request.status);
  if (request.failure !== "" || wanted.has(TaskStatus.WAITING) !== wanted.has(TaskStatus.RUNNING)) return null;
  await reading(() => state.refresh());
  const query = toQuery(state, request, wanted, limit);
  if (query === null) return { rows: [], nextCursor: "" };
  const { tasks, next } = await readPage(state, query, wanted);
  return { rows: tasks, nextCursor: next === null ? "" : writeCursor(next) };
}

/** What runs is few and known; it is only looked for in the store together with what waits. */
async function readPage(state: EngineState, query: ListQuery, wanted: ReadonlySet<TaskStatus>): Promise<ListPage> {
  const fromStore = (asked: ListQuery) => reading(() => state.store.reads.list(asked));
  if (!wanted.has(TaskStatus.RUNNING) || wanted.has(TaskStatus.WAITING)) return fromStore(query);
  const running = await listRunning(state, query);
  if (query.endStatuses?.length === 0) return running;
  return mergePages(running, await fromStore({ ...query, unended: false }), query.limit);
}

/** @throws TssError INVALID_ARGUMENT that names what is wrong with the conditions. */
export function checkList(request: ListTasksRequest): void {
  const found = new Violations();
  found.number("limit", request.limit, 0, LIMITS.pageSize);
  if (request.queue !== "") checkQueueName(found, "queue", request.queue);
  if (request.name !== "") found.line("name", request.name, 1, LIMITS.nameCharacters);
  if (request.type !== "") found.line("type", request.type, 1, LIMITS.typeCharacters);
  found.count("label", request.label.length, 0, LIMITS.labelFilters);
  for (const status of request.status)
    if (!(status >= TaskStatus.WAITING && status <= TaskStatus.CANCELLED))
      found.add("status", "must be waiting, running, succeeded, failed or cancelled");
  if (request.failure !== "") {
    if (!/^[0-9a-f]{16}$/.test(request.failure)) found.add("failure", "must be 16 hexadecimal digits");
    if (request.status.some((status) => status !== TaskStatus.FAILED))
      found.add("status", "must be failed, or left out, when failure is given");
  }
  found.check();
}

function toQuery(
  state: EngineState,
  request: ListTasksRequest,
  wanted: ReadonlySet<TaskStatus>,
  limit: number,
): ListQuery | null {
  const lanes = lanesOf(state, request.queue);
  if (lanes !== null && lanes.length === 0) return null;
  const ends = ENDED.filter((status) => wanted.has(status));
  const unended = wanted.size === 0 || wanted.has(TaskStatus.WAITING) || wanted.has(TaskStatus.RUNNING);
  return {
    segs: state.segments.newestFirst,
    after: request.cursor === "" ? null : readCursor(request.cursor),
    limit,
    endStatuses: wanted.size === 0 ? null : ends,
    unended,
    lanes,
    name: request.name || null,
    type: request.type || null,
    labels: request.label.map((label) => (label.includes("=") ? label : `${label}=\u0000`)),
    createdAfter: request.createdAfter === undefined ? null : timestampMs(request.createdAfter),
    createdBefore: request.createdBefore === undefined ? null : timestampMs(request.createdBefore),
    maxScanned: MAX_SCANNED,
  };
}

function lanesOf(state: EngineState, queue: string): number[] | null {
  if (queue === "") return null;
  return [...state.lanes.values()].filter((lane) => lane.key.queue === queue).map((lane) => lane.id);
}

/** Lists carry no events; a task that has begun and not ended needs them to say what it is doing. */
async function describePage(state: EngineState, page: readonly StoredTask[]): Promise<ListTasksResponse["tasks"]> {
  const unended = page.filter(({ end }) => end === null);
  const refs = unended.map(({ task }) => ({ ...task, segs: state.segments.candidates(task) }));
  const full = refs.length === 0 ? [] : await reading(() => state.store.reads.tasks(refs));
  const byRow = new Map(unended.map((stored, index) => [stored, full[index] ?? stored]));
  return page.map((stored) => describeTask(state, byRow.get(stored) ?? stored, "summary"));
}

export function writeCursor({ createdAt, shard, lane, seq }: ListPlace): string {
  return Buffer.from(JSON.stringify([createdAt, shard, lane, seq])).toString("base64url");
}

/** @throws TssError INVALID_ARGUMENT */
export function readCursor(text: string): ListPlace {
  try {
    const [createdAt, shard, lane, seq, ...rest] = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    if (rest.length === 0 && [createdAt, shard, lane, seq].every(Number.isSafeInteger))
      return { createdAt, shard, lane, seq };
  } catch {
    // Told below: any text that is no cursor is the same mistake.
  }
  throw new TssError(
    "INVALID_ARGUMENT",
    "cursor is not one that a list gave; leave it out to begin with the newest task.",
    {
      reason: "BAD_CURSOR",
      violations: [{ field: "cursor", description: "is not one that a list gave" }],
    },
  );
}
