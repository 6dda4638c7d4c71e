import type { TaskJson, TaskStatusJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import type { ListTasksRequestJson } from "../../../../proto/gen/tss/v1/task_service_pb.js";
import type { call } from "../api/call.ts";
import { toProblem } from "../api/problem.ts";
import { createStore, type Store } from "../ui/store.ts";

export type BulkAction = "cancel" | "retry";

/** What a job has come to. */
export interface BulkState {
  readonly phase: "counting" | "ready" | "running" | "stopped" | "done" | "failed";
  /** Tasks that it is about; while it counts, so far. */
  readonly total: number;
  /** A few of them, the newest. */
  readonly samples: readonly TaskJson[];
  /** There are more than one job takes. */
  readonly capped: boolean;
  readonly done: number;
  /** Of those done: what was changed, and what was refused. The rest had ended, or was run again, before. */
  readonly changed: number;
  readonly refused: number;
  /** Why the first few were refused. */
  readonly reasons: readonly string[];
  /** Why the job could not go on. */
  readonly problem: string;
}

/** What a job needs of the world. */
export interface BulkTools {
  readonly call: typeof call;
  /** Server time, ms. */
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<void>;
}

const PAGE = 500;
const CHUNK = 500;
const MOST = 100_000;
const SAMPLES = 5;
const REASONS = 3;
const TRIES = 4;
const AGAIN_MS = 1_000;

/** What an action can be done to, and what of it is meant where the search names no status. */
const POSSIBLE: Readonly<Record<BulkAction, readonly TaskStatusJson[]>> = {
  cancel: ["TASK_STATUS_WAITING", "TASK_STATUS_RUNNING"],
  retry: ["TASK_STATUS_FAILED", "TASK_STATUS_CANCELLED", "TASK_STATUS_SUCCEEDED"],
};
const MEANT: Readonly<Record<BulkAction, readonly TaskStatusJson[]>> = {
  cancel: POSSIBLE.cancel,
  retry: ["TASK_STATUS_FAILED", "TASK_STATUS_CANCELLED"],
};

/** Statuses of the search that the action is for; empty: it is for none of them. */
export function statusesFor(action: BulkAction, { status = [], failure }: ListTasksRequestJson): TaskStatusJson[] {
  if (failure !== undefined) return action === "retry" ? ["TASK_STATUS_FAILED"] : [];
  if (status.length === 0) return [...MEANT[action]];
  return POSSIBLE[action].filter((one) => status.includes(one));
}

/**
 * One action on every task that fits a search as of the moment it was asked for: what comes later is not touched, nor what the
 * action itself makes. First it counts, then it waits to be told to run; it can be stopped between any two calls.
 */
export class BulkJob {
  readonly action: BulkAction;
  readonly state: Store<BulkState>;
  readonly #request: ListTasksRequestJson;
  readonly #tools: BulkTools;
  readonly #ids: string[] = [];
  readonly #name = `ui-${crypto.getRandomValues(new Uint32Array(3)).join("-")}`;
  #stopped = false;

  constructor(action: BulkAction, request: ListTasksRequestJson, tools: BulkTools) {
    this.action = action;
    this.#tools = tools;
    const asOf = new Date(tools.now()).toISOString();
    const { createdBefore = asOf } = request;
    this.#request = {
      ...request,
      status: statusesFor(action, request),
      createdBefore: [createdBefore, asOf].sort()[0] ?? asOf,
      limit: PAGE,
    };
    this.state = createStore<BulkState>({
      ...{ phase: "counting", total: 0, samples: [], capped: false, problem: "" },
      ...{ done: 0, changed: 0, refused: 0, reasons: [] },
    });
  }

  async count(): Promise<void> {
    let cursor = "";
    do {
      const page = await this.#again(() =>
        this.#tools.call("TaskService", "listTasks", { ...this.#request, ...(cursor === "" ? {} : { cursor }) }),
      );
      if (page === null) return;
      const tasks = page.tasks ?? [];
      this.#ids.push(...tasks.map(({ id }) => id ?? ""));
      cursor = page.nextCursor ?? "";
      const { samples } = this.state.get();
      this.#set({ total: this.#ids.length, samples: [...samples, ...tasks].slice(0, SAMPLES) });
      if (this.#stopped) return;
    } while (cursor !== "" && this.#ids.length < MOST);
    this.#set({ phase: "ready", capped: cursor !== "" });
  }

  /** @param perSecond tasks a second at most; 0: as fast as they are taken. */
  async run(perSecond: number): Promise<void> {
    this.#set({ phase: "running" });
    const size = perSecond === 0 ? CHUNK : Math.min(perSecond, CHUNK);
    for (let at = 0; at < this.#ids.length && !this.#stopped; at += size) {
      if (at > 0 && perSecond > 0) await this.#tools.pause((size / perSecond) * 1_000);
      if (this.#stopped) break;
      const ids = this.#ids.slice(at, at + size);
      const results = await this.#again(() => this.#do(ids, `${this.#name}-${at}`));
      if (results === null) return;
      this.#count(results, ids.length);
    }
    this.#set({ phase: this.state.get().done < this.#ids.length ? "stopped" : "done" });
  }

  stop(): void {
    this.#stopped = true;
  }

  async #do(ids: string[], requestId: string): Promise<readonly Result[]> {
    const { call } = this.#tools;
    if (this.action === "cancel") return (await call("TaskService", "cancelTasks", { ids })).results ?? [];
    // Sent again after an answer that was lost, it makes no second task.
    const { results = [] } = await call("TaskService", "retryTasks", { ids, requestId });
    return results.map((result) => ({ ...result, changed: result.task !== undefined }));
  }

  #count(results: readonly Result[], size: number): void {
    const { done, changed, refused, reasons } = this.state.get();
    const errors = results.flatMap(({ error }) => (error === undefined ? [] : [error.message ?? "It was refused."]));
    this.#set({
      done: done + size,
      changed: changed + results.filter((result) => result.changed === true).length,
      refused: refused + errors.length,
      reasons: [...new Set([...reasons, ...errors])].slice(0, REASONS),
    });
  }

  /** Null: it cannot be done; the state says why. */
  async #again<T>(work: () => Promise<T>): Promise<T | null> {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        const { code, message } = toProblem(error);
        if (tries < TRIES && ["OFFLINE", "UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED"].includes(code)) {
          await this.#tools.pause(AGAIN_MS * tries);
          continue;
        }
        this.#set({ phase: "failed", problem: message });
        return null;
      }
    }
  }

  #set(change: Partial<BulkState>): void {
    this.state.set({ ...this.state.get(), ...change });
  }
}

interface Result {
  readonly changed?: boolean;
  readonly error?: { readonly message?: string };
}
