import { create } from "@bufbuild/protobuf";
import { TssError } from "../../proto/errors.ts";
import { type Task, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import {
  type ListTasksRequest,
  type ListTasksResponse,
  ListTasksResponseSchema,
} from "../../proto/gen/tss/v1/task_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { reading } from "../engine/reading.ts";
import { type EngineState, itemAt } from "../engine/state.ts";
import type { LaneKey } from "../kernel/lane-key.ts";
import { timestampMs, toTimestamp } from "../kernel/time.ts";
import type { StoredTask } from "../ports/rows.ts";
import type { ListPage, ListPlace, ListQuery } from "../ports/store.ts";
import { checkList } from "./check-list.ts";
import { type Comparison, comparisonOf, needsComparison } from "./compare-tasks.ts";
import { describeTask } from "./describe-task.ts";
import { listRunning, mergePages } from "./list-running.ts";

/** Rows looked at for one page; a search without an index says how far it came. */
const MAX_SCANNED = 20_000;

/** Of these, tasks that are compared with what no store decides: each is described, or its payload is read. */
const MAX_COMPARED = 5_000;

/** Bytes of payloads read for one page, and between two turns of everything else. */
const MAX_READ = 4 * 1024 * 1024;
const TURN_READ = 256 * 1024;

/** Tasks read at a time after a page of which not all fitted. */
const COMPARED_AT_ONCE = 100;

const ENDED = [TaskStatus.SUCCEEDED, TaskStatus.FAILED, TaskStatus.CANCELLED];

/** One page of tasks, newest first. */
export async function listTasks(state: EngineState, request: ListTasksRequest): Promise<ListTasksResponse> {
  checkList(request);
  await reading(() => state.refresh());
  const limit = request.limit === 0 ? LIMITS.pageSizeDefault : request.limit;
  const wanted = wantedOf(request);
  const query = toQuery(state, request, wanted, limit);
  if (query === null) return create(ListTasksResponseSchema);
  const comparison = comparisonOf(request, state.clock.now(), ({ task }) => itemAt(state, task));
  // Waiting and running are told apart in memory: a page of what waits may take several of the store.
  const someFit = comparison !== null || wanted.has(TaskStatus.WAITING) !== wanted.has(TaskStatus.RUNNING);
  const tasks: Task[] = [];
  const hasRead = () => (comparison?.bytesRead ?? 0) >= MAX_READ;
  let place = query.after;
  let [scanned, compared, turn] = [0, 0, TURN_READ];
  for (let first = true; ; first = false) {
    const left = limit - tasks.length;
    const rows = someFit && !first ? Math.max(left, COMPARED_AT_ONCE) : left;
    const page = await readPage(
      state,
      { ...query, after: place, limit: rows, maxScanned: MAX_SCANNED - scanned },
      wanted,
    );
    const whole = await readWhole(state, page.tasks, comparison);
    const described = whole.map((stored) => describeTask(state, stored, "summary"));
    let at = 0;
    for (; at < described.length && tasks.length < limit && !hasRead(); at++) {
      const task = described[at] as Task;
      if (wanted.size > 0 && !wanted.has(task.status)) continue;
      if (comparison === null || comparison.fits(task, whole[at] as StoredTask)) tasks.push(task);
      if ((comparison?.bytesRead ?? 0) < turn) continue;
      turn += TURN_READ;
      await new Promise((resolve) => setImmediate(resolve));
    }
    place = at < described.length ? placeOf(page.tasks[at - 1] as StoredTask) : page.next;
    if (place === null || tasks.length >= limit) return answer(tasks, place);
    scanned += page.scanned;
    compared += comparison === null ? 0 : at;
    if (page.incomplete || scanned >= MAX_SCANNED || compared >= MAX_COMPARED || hasRead())
      return answer(tasks, place, place.createdAt);
  }
}

/** @param scannedTo ms; 0: it looked as far as the page reaches. */
function answer(tasks: Task[], next: ListPlace | null, scannedTo = 0): ListTasksResponse {
  const nextCursor = next === null ? "" : writeCursor(next);
  return create(ListTasksResponseSchema, { tasks, nextCursor, scannedTo: toTimestamp(scannedTo) });
}

/** Statuses that are asked for; none: all. */
function wantedOf({ status, failure, error }: ListTasksRequest): ReadonlySet<TaskStatus> {
  return new Set(failure === "" && error.length === 0 ? status : [TaskStatus.FAILED]);
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
  const wanted = wantedOf(request);
  if (needsComparison(request) || wanted.has(TaskStatus.WAITING) !== wanted.has(TaskStatus.RUNNING)) return null;
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

function toQuery(
  state: EngineState,
  request: ListTasksRequest,
  wanted: ReadonlySet<TaskStatus>,
  limit: number,
): ListQuery | null {
  const lanes = lanesOf(state, request);
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
    type: isBeginning(request.type) ? null : request.type || null,
    labels: labelsOf(request.label),
    notNames: request.notName,
    notTypes: request.notType.filter((type) => !isBeginning(type)),
    notLabels: labelsOf(request.notLabel),
    createdAfter: request.createdAfter === undefined ? null : timestampMs(request.createdAfter),
    createdBefore: request.createdBefore === undefined ? null : timestampMs(request.createdBefore),
    maxScanned: MAX_SCANNED,
  };
}

function labelsOf(terms: readonly string[]): string[] {
  return terms.map((label) => (label.includes("=") ? label : `${label}=\u0000`));
}

/** Lanes that may have what is asked for; null: any. A lane has one queue and one handler. */
function lanesOf(state: EngineState, { queue, notQueue, type, notType }: ListTasksRequest): number[] | null {
  const begins = [type].filter(isBeginning);
  const notBegins = notType.filter(isBeginning);
  if (queue === "" && notQueue.length + begins.length + notBegins.length === 0) return null;
  const isWanted = ({ queue: of, needs }: LaneKey) => {
    const hasType = (beginning: string) => needs.type.startsWith(beginning.slice(0, -1));
    const ofQueue = (queue === "" || of === queue) && !notQueue.includes(of);
    return ofQueue && begins.every(hasType) && !notBegins.some(hasType);
  };
  return [...state.lanes.values()].filter((lane) => isWanted(lane.key)).map((lane) => lane.id);
}

const isBeginning = (type: string): boolean => type.endsWith("*");

/** Lists carry no events; a task that has begun and not ended needs them to say what it is doing, and so may what is compared. */
async function readWhole(
  state: EngineState,
  page: readonly StoredTask[],
  comparison: Comparison | null,
): Promise<readonly StoredTask[]> {
  const partial = page.filter((stored) => stored.end === null || comparison?.needsEvents(stored) === true);
  const refs = partial.map(({ task }) => ({ ...task, segs: state.segments.candidates(task) }));
  const full = refs.length === 0 ? [] : await reading(() => state.store.reads.tasks(refs));
  const byRow = new Map(partial.map((stored, index) => [stored, full[index] ?? stored]));
  return page.map((stored) => byRow.get(stored) ?? stored);
}

function placeOf({ task: { createdAt, shard, lane, seq } }: StoredTask): ListPlace {
  return { createdAt, shard, lane, seq };
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
