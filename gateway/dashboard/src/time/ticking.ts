import { useSyncExternalStore } from "react";
import { createStore } from "../ui/store.ts";
import { serverNow } from "./server-clock.ts";

/** The server's time once a second while somebody looks: one timer for all ages on the page. */
const now = createStore(serverNow());
let watchers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
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

export function useNow(): number {
  useSyncExternalStore(subscribe, now.get);
  return Math.max(now.get(), 0);
}
