import { LIMITS } from "../../proto/limits.ts";
import type { Patience } from "./call-context.ts";
import type { EdgeLimits } from "./edge-limits.ts";

/** The part of a method's definition that decides how its calls live. */
export interface MethodKind {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

/** Unary calls that wait on purpose, and for how long at most. */
const WAITS: Readonly<Record<string, number>> = {
  "/tss.v1.TaskService/WaitTask": LIMITS.waitMs,
  "/tss.v1.LockService/AcquireLock": LIMITS.waitMs,
  "/tss.v1.WorkerService/LeaseTasks": LIMITS.leaseWaitMs,
};

/** Waits that can go on elsewhere at once. */
const MOVABLE: ReadonlySet<string> = new Set(["/tss.v1.TaskService/WaitTask", "/tss.v1.LockService/AcquireLock"]);

/** Streams on which a worker finishes what it holds; every other stream can go on elsewhere at once. */
const WORKS: ReadonlySet<string> = new Set(["/tss.v1.WorkerService/Work"]);

/** The server's own deadline of a call in ms; undefined: none. */
export function deadlineOf(kind: MethodKind, limits: EdgeLimits): number | undefined {
  if (kind.requestStream || kind.responseStream) return undefined;
  const waits = WAITS[kind.path];
  return waits === undefined ? limits.unaryMs : waits + limits.waitSlackMs;
}

/** What a drain does to a call. A lease poll is answered by the engine, which knows of the drain. */
export function patienceOf(kind: MethodKind): Patience {
  if (kind.requestStream || kind.responseStream) return WORKS.has(kind.path) ? "finish" : "leave";
  return MOVABLE.has(kind.path) ? "leave" : "finish";
}
