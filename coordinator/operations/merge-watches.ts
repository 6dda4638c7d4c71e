import { create } from "@bufbuild/protobuf";
import {
  TaskService,
  type WatchTasksRequest,
  type WatchTasksResponse,
  WatchTasksResponseSchema,
} from "../../proto/gen/tss/v1/task_service_pb.js";
import type { Caller, TaskOperations } from "./operations.ts";
import type { Peers, Routes } from "./peers.ts";

/** News of one source that waits to be read before the source is held back. */
const BEHIND = 256;
const RETRY_MS = 1_000;

/**
 * What changes anywhere: the watches of every coordinator in one. When one is lost, the watcher is told to read again what
 * it shows, and the others go on; a coordinator that comes is joined.
 */
export async function* mergeWatches(
  local: TaskOperations,
  routes: Routes,
  peers: Peers,
  caller: Caller,
  request: WatchTasksRequest,
  signal: AbortSignal,
): AsyncIterable<WatchTasksResponse> {
  const news: WatchTasksResponse[] = [];
  const resync = () => {
    if (news.at(-1)?.resync !== true) news.push(create(WatchTasksResponseSchema, { resync: true }));
  };
  let wake: () => void = () => {};
  let room: () => void = () => {};
  const followed = new Set<string>();
  const part = { ...request, cursor: "" };

  const follow = async (address: string, source: AsyncIterable<WatchTasksResponse>): Promise<void> => {
    followed.add(address);
    try {
      for await (const message of source) {
        // A cursor of one coordinator says nothing to the others.
        news.push({ ...message, cursor: "" });
        wake();
        if (news.length >= BEHIND) await new Promise<void>((resolve) => (room = resolve));
      }
    } catch {
      // Told below: whatever the reason, something may have been missed.
    } finally {
      followed.delete(address);
      resync();
      wake();
    }
  };
  const join = () => {
    if (!followed.has("")) void follow("", local.watchTasks(caller, part, signal));
    for (const address of routes.others())
      if (!followed.has(address))
        void follow(address, peers.stream(address, TaskService.method.watchTasks, part, caller, signal));
  };

  const timer = setInterval(join, RETRY_MS);
  const stop = () => wake();
  signal.addEventListener("abort", stop, { once: true });
  try {
    // Who comes back with a cursor has missed what it cannot name.
    if (request.cursor !== "") resync();
    join();
    while (!signal.aborted) {
      const message = news.shift();
      if (message !== undefined) {
        room();
        yield message;
      } else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    clearInterval(timer);
    signal.removeEventListener("abort", stop);
  }
}
