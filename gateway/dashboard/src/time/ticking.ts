import { useSyncExternalStore } from "react";
import { createStore } from "../ui/store.ts";
import { serverNow } from "./server-clock.ts";

/** The server's time once a second while somebody looks: one timer for all ages on the page. */
const now = createStore(serverNow());
let watchers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  // While nobody looked it stood still.
  if (watchers === 0) now.set(serverNow());
  const stop = now.subscribe(listener);
  watchers++;
  timer ??= setInterval(() => {
    if (!document.hidden) now.set(serverNow());
  }, 1_000);
  return () => {
    stop();
    watchers--;
    if (watchers > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The clock that ages go by. */
export const ticking = { get: now.get, subscribe };

export function useNow(): number {
  return Math.max(useSyncExternalStore(ticking.subscribe, ticking.get), 0);
}
