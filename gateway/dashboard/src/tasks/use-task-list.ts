import { useCallback, useEffect, useRef, useState } from "react";
import type { TaskJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import type { ListTasksRequestJson } from "../../../../proto/gen/tss/v1/task_service_pb.js";
import type { ProblemFrame } from "../../../live/frames.ts";
import { call } from "../api/call.ts";
import { type Problem, toProblem } from "../api/problem.ts";
import { useRows } from "../live/use-topic.ts";
import { mergeHead } from "./merge-head.ts";

/** Rows of a page: what the live head has, and what is read at a time below it. */
const PAGE = 100;

interface Shown {
  readonly key: string;
  readonly order: readonly string[];
  readonly rows: ReadonlyMap<string, TaskJson>;
  readonly cursor: string;
  readonly scannedTo: string | undefined;
}

export interface TaskList {
  readonly order: readonly string[];
  readonly rows: ReadonlyMap<string, TaskJson>;
  /** Tasks that have come and wait to be let in. */
  readonly fresh: number;
  readonly known: boolean;
  readonly more: boolean;
  readonly scannedTo: string | undefined;
  readonly reading: boolean;
  readonly problem: Problem | ProblemFrame | undefined;
  letIn(): void;
  readMore(): void;
}

/**
 * Tasks that fit a search, live. Cells change in place at once; rows come and go only while nothing holds the list, so that
 * nothing moves under the pointer.
 * @param held somebody points at the list, has scrolled down in it or has chosen rows.
 */
export function useTaskList(request: ListTasksRequestJson | null, held: boolean): TaskList {
  const key = JSON.stringify(request);
  const topic = request === null ? null : `tasks ${JSON.stringify({ ...request, limit: PAGE })}`;
  const head = useRows<TaskJson>(topic);
  const [shown, setShown] = useState<Shown>(NOTHING);
  const [reading, setReading] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [asked, setAsked] = useState(0);
  const current = useRef(key);
  current.current = key;

  const state = head.state;
  useEffect(() => {
    if (state === undefined) return;
    setShown((before) => joinHead(before, key, state, !held || asked > 0));
    if (asked > 0) setAsked(0);
  }, [state, key, held, asked]);

  const mine = shown.key === key ? shown : NOTHING;
  const readMore = useCallback(async () => {
    if (reading || mine.cursor === "") return;
    setReading(true);
    try {
      const page = await call("TaskService", "listTasks", { ...JSON.parse(key), limit: PAGE, cursor: mine.cursor });
      if (current.current === key) setShown((before) => (before.key === key ? addPage(before, page) : before));
      setProblem(undefined);
    } catch (error) {
      setProblem(toProblem(error));
    } finally {
      setReading(false);
    }
  }, [key, mine.cursor, reading]);

  useRefreshed(mine, state?.order, setShown);

  return {
    order: mine.order,
    rows: mine.rows,
    fresh:
      state === undefined ? 0 : mergeHead(mine.order, state.order, state.rest["nextCursor"] === undefined).fresh.length,
    known: shown.key === key,
    more: mine.cursor !== "",
    scannedTo: mine.scannedTo,
    reading,
    problem: head.problem ?? problem,
    letIn: () => setAsked(1),
    readMore: () => void readMore(),
  };
}

const NOTHING: Shown = { key: "", order: [], rows: new Map(), cursor: "", scannedTo: undefined };

interface Head {
  readonly order: readonly string[];
  readonly rows: Readonly<Record<string, TaskJson>>;
  readonly rest: Readonly<Record<string, unknown>>;
}

function joinHead(before: Shown, key: string, head: Head, open: boolean): Shown {
  const cursor = String(head.rest["nextCursor"] ?? "");
  const scannedTo = head.rest["scannedTo"] as string | undefined;
  const own = before.key === key ? before : { ...NOTHING, key };
  const first = before.key !== key;
  const merge = mergeHead(own.order, head.order, cursor === "");
  const rows = new Map(own.rows);
  const order = open || first ? merge.order : own.order;
  for (const id of order) {
    const row = head.rows[id];
    if (row !== undefined) rows.set(id, row);
  }
  // A list that was begun anew goes on behind the head; a longer one where it had come to.
  const anew = (open || first) && (merge.apart || own.order.length <= PAGE || cursor === "");
  if (anew) return { key, order: head.order, rows: new Map(Object.entries(head.rows)), cursor, scannedTo };
  return { ...own, key, order, rows };
}

function addPage(before: Shown, page: { tasks?: TaskJson[]; nextCursor?: string; scannedTo?: string }): Shown {
  const rows = new Map(before.rows);
  const order = [...before.order];
  for (const task of page.tasks ?? []) {
    if (!rows.has(task.id ?? "")) order.push(task.id ?? "");
    rows.set(task.id ?? "", task);
  }
  return { ...before, rows, order, cursor: page.nextCursor ?? "", scannedTo: page.scannedTo };
}

/** Rows that the head does not tell of and that have not ended are read anew now and then, the newest of them. */
function useRefreshed(
  shown: Shown,
  head: readonly string[] | undefined,
  set: (change: (before: Shown) => Shown) => void,
): void {
  const latest = useRef({ shown, head });
  latest.current = { shown, head };
  useEffect(() => {
    const timer = setInterval(() => void refresh(), 3_000);
    async function refresh(): Promise<void> {
      const { shown: now, head: heads } = latest.current;
      if (document.hidden || heads === undefined) return;
      const known = new Set(heads);
      const stale = now.order.filter((id) => !known.has(id) && now.rows.get(id)?.endedAt === undefined).slice(0, 20);
      const read = await Promise.all(
        stale.map((id) =>
          call("TaskService", "getTask", { id }).then(
            ({ task }) => task,
            () => undefined,
          ),
        ),
      );
      const tasks = read.filter((task) => task !== undefined);
      if (tasks.length === 0) return;
      set((before) => {
        const rows = new Map(before.rows);
        for (const task of tasks) if (rows.has(task.id ?? "")) rows.set(task.id ?? "", task);
        return { ...before, rows };
      });
    }
    return () => clearInterval(timer);
  }, [set]);
}
