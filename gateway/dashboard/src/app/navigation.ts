import type { MethodName } from "../api/call.ts";
import type { GlyphName } from "../ui/glyph.tsx";

export interface Place {
  readonly to: string;
  readonly label: string;
  readonly glyph: GlyphName;
  /** Pressed after `g`. */
  readonly key: string;
  /** Shown to who may call this. */
  readonly method: MethodName;
}

/** The navigation: the one list of pages. A page is added here and in the router. */
export const PLACES: readonly Place[] = [
  { to: "/", label: "Overview", glyph: "gauge", key: "o", method: "StatsService/GetOverview" },
  { to: "/tasks", label: "Tasks", glyph: "list", key: "t", method: "TaskService/ListTasks" },
  { to: "/failures", label: "Failures", glyph: "alert", key: "f", method: "StatsService/ListFailureGroups" },
  { to: "/queues", label: "Queues", glyph: "queue", key: "q", method: "QueueService/ListQueues" },
  { to: "/workers", label: "Workers", glyph: "worker", key: "w", method: "WorkerRegistryService/ListWorkers" },
  { to: "/locks", label: "Locks", glyph: "lock", key: "l", method: "LockService/ListLocks" },
  { to: "/submit", label: "Submit", glyph: "plus", key: "n", method: "TaskService/SubmitTasks" },
  { to: "/activity", label: "Activity", glyph: "activity", key: "a", method: "StatsService/ListActivity" },
  { to: "/settings", label: "Settings", glyph: "gear", key: ",", method: "StatsService/GetServerInfo" },
];
