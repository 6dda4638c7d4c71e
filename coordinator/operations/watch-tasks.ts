import { create } from "@bufbuild/protobuf";
import {
  type WatchTasksRequest,
  type WatchTasksResponse,
  WatchTasksResponseSchema,
} from "../../proto/gen/tss/v1/task_service_pb.js";
import type { Change } from "../engine/changes.ts";
import { reading } from "../engine/reading.ts";
import type { EngineState } from "../engine/state.ts";
import { refKey, type TaskRef } from "../kernel/task-ref.ts";
import { describeTask } from "./describe-task.ts";
import { findTask, readId } from "./find-task.ts";

/** Changed tasks a slow watcher may be behind; past it, it is told to read again. */
const BEHIND = 1_000;

/** Sends a task whenever it changes; with `id`, first as it is, and ends after its end. */
export async function* watchTasks(
  state: EngineState,
  request: WatchTasksRequest,
  signal: AbortSignal,
): AsyncIterable<WatchTasksResponse> {
  if (request.id !== "") yield* watchOne(state, request, signal);
  else yield* watchAll(state, request, signal);
}

async function* watchOne(
  state: EngineState,
  request: WatchTasksRequest,
  signal: AbortSignal,
): AsyncIterable<WatchTasksResponse> {
  const ref = readId(state, request.id);
  const inbox = new Inbox(signal);
  const unsubscribe = state.changes.onTask(ref, (change) => inbox.add(change));
  try {
    for (;;) {
      inbox.take();
      const stored = await findTask(state, request.id);
      yield create(WatchTasksResponseSchema, {
        task: describeTask(state, stored, "full"),
        cursor: cursorOf(state),
      });
      if (stored.end !== null) return;
      if (!(await inbox.wait())) return;
    }
  } finally {
    unsubscribe();
  }
}

async function* watchAll(
  state: EngineState,
  request: WatchTasksRequest,
  signal: AbortSignal,
): AsyncIterable<WatchTasksResponse> {
  const wanted = new Set(request.status);
  const inbox = new Inbox(signal);
  const unsubscribe = state.changes.onAny((change) => {
    if (request.queue === "" || change.queue === request.queue) inbox.add(change);
  });
  try {
    // Changes are kept for nobody: who comes back with a cursor reads anew, unless nothing was committed since.
    if (request.cursor !== "" && request.cursor !== cursorOf(state))
      yield create(WatchTasksResponseSchema, { resync: true, cursor: cursorOf(state) });
    while (await inbox.wait()) {
      const { refs, overflowed } = inbox.take();
      const cursor = cursorOf(state);
      if (overflowed) yield create(WatchTasksResponseSchema, { resync: true, cursor });
      const tasks = await reading(() =>
        state.store.reads.tasks(refs.map((ref) => ({ ...ref, segs: state.segments.candidates(ref) }))),
      );
      for (const stored of tasks) {
        if (stored === null) continue;
        const task = describeTask(state, stored, "summary");
        if (wanted.size === 0 || wanted.has(task.status)) yield create(WatchTasksResponseSchema, { task, cursor });
      }
    }
  } finally {
    unsubscribe();
  }
}

/** Epoch and flush number: rises with every commit of this owner. */
function cursorOf(state: EngineState): string {
  return `${state.shards.owners[0]?.epoch ?? 0}.${state.flushCommitted}`;
}

/** Tasks that changed since the watcher last looked, each once. */
class Inbox {
  #refs = new Map<string, TaskRef>();
  #overflowed = false;
  #wake: (() => void) | null = null;
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#wake?.(), { once: true });
  }

  add({ ref }: Change): void {
    if (this.#refs.size < BEHIND) this.#refs.set(refKey(ref), ref);
    else this.#overflowed = true;
    this.#wake?.();
  }

  /** False when the watch is over. */
  async wait(): Promise<boolean> {
    while (this.#refs.size === 0 && !this.#overflowed) {
      if (this.#signal.aborted) return false;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
    return !this.#signal.aborted;
  }

  take(): { refs: TaskRef[]; overflowed: boolean } {
    const taken = { refs: [...this.#refs.values()], overflowed: this.#overflowed };
    this.#refs = new Map();
    this.#overflowed = false;
    return taken;
  }
}
