import type { OutputFrame } from "../../../live/frames.ts";
import { request } from "../api/fetch-json.ts";
import { type Problem, toProblem } from "../api/problem.ts";
import { listen, liveStatus } from "../live/live.ts";
import { readEvents } from "../live/read-events.ts";
import { LogStore } from "./log-store.ts";

export interface LogView {
  readonly store: LogStore;
  readonly problem: Problem | undefined;
  /** Everything there was when it was opened is here. */
  readonly read: boolean;
}

/** With no stream to hear from, the output is read again every so often, ms. */
const AGAIN_MS = 3_000;

/**
 * Output of one attempt: what there is by a read, and what comes by the live stream. Whatever is missing between the two, or was
 * dropped because this browser was slow, is seen by its offset and read.
 * @param changed called at most once a frame.
 */
export function followLog(id: string, attempt: number, changed: (view: LogView) => void): () => void {
  const stopping = new AbortController();
  const store = new LogStore();
  let problem: Problem | undefined;
  let read = false;
  let reading = false;
  let unlisten = () => {};
  let frame = 0;
  const tell = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => changed({ store, problem, read }));
  };

  async function readOn(): Promise<void> {
    if (reading || store.ended) return;
    reading = true;
    try {
      const path = `task/logs/${encodeURIComponent(id)}?attempt=${attempt}&offset=${store.next}`;
      const { body } = await request(path, { headers: { accept: "text/event-stream" }, signal: stopping.signal });
      for await (const { event, data } of readEvents(body as ReadableStream<Uint8Array>)) {
        if (event === "output" || event === "end") take(JSON.parse(data) as OutputFrame);
        tell();
      }
      problem = undefined;
    } catch (error) {
      if (!stopping.signal.aborted) problem = toProblem(error);
    }
    reading = false;
    read = true;
    tell();
  }

  function take(frame: Omit<OutputFrame, "topic">): boolean {
    const data = Uint8Array.from(atob(frame.data), (character) => character.charCodeAt(0));
    const fits = store.append({
      offset: frame.offset,
      stream: frame.stream,
      data,
      at: frame.at,
      elidedBytes: frame.elidedBytes,
    });
    if (fits && frame.end && frame.offset <= store.next) store.end();
    return fits;
  }

  async function begin(): Promise<void> {
    await readOn();
    if (store.ended || stopping.signal.aborted) return;
    unlisten = listen(
      `output ${JSON.stringify({ id, attempt })}`,
      {
        output: (frame) => {
          if (!take(frame)) void readOn();
          tell();
        },
      },
      store.next,
    );
  }

  const timer = setInterval(() => {
    if (read && !store.ended && !document.hidden && liveStatus.get() !== "live") void readOn();
  }, AGAIN_MS);
  void begin();
  return () => {
    stopping.abort();
    clearInterval(timer);
    cancelAnimationFrame(frame);
    unlisten();
  };
}
