import {
  type OutputFrame,
  type ProblemFrame,
  type RowsFrame,
  SILENCE_MS,
  type ValueFrame,
} from "../../../live/frames.ts";
import { request } from "../api/fetch-json.ts";
import { toProblem } from "../api/problem.ts";
import type { LiveEvents, LiveStatus, TopicState } from "./protocol.ts";
import { readEvents, type StreamEvent } from "./read-events.ts";

/** Changes of topics within this time are one change, ms: a page that opens asks for several. */
const GATHER_MS = 15;
const RETRY_MS = [500, 1_000, 2_000, 4_000];
/** After so many streams that brought nothing, the browser asks by itself. */
const FRUITLESS = 3;
const POLL_MS = 5_000;
/** An answer that has not begun by then never will, ms. */
const ANSWER_MS = 10_000;
/** Polls after which a stream is tried again: at first one, as the gateway may just have come back, then more and more. */
const MOST_POLLS = 12;

/** The one connection of a browser: says what it wants to know, hears it, comes back when it is cut, asks when it cannot hear. */
export class LiveClient {
  readonly #events: LiveEvents;
  #topics: readonly string[] = [];
  #from = new Map<string, number>();
  #states = new Map<string, TopicState>();
  #run = new AbortController();
  #gather: ReturnType<typeof setTimeout> | undefined;
  #fruitless = 0;
  #polls = 1;

  constructor(events: LiveEvents) {
    this.#events = events;
  }

  stateOf(topic: string): TopicState | undefined {
    return this.#states.get(topic);
  }

  /** @param from for output that is new here: the first byte wanted. */
  want(topics: readonly string[], from: ReadonlyMap<string, number>): void {
    const same = topics.length === this.#topics.length && topics.every((topic) => this.#topics.includes(topic));
    for (const [topic, offset] of from) if (!this.#from.has(topic)) this.#from.set(topic, offset);
    if (same) return;
    this.#topics = topics;
    for (const topic of this.#states.keys()) if (!topics.includes(topic)) this.#states.delete(topic);
    for (const topic of this.#from.keys()) if (!topics.includes(topic)) this.#from.delete(topic);
    this.restart();
  }

  restart(): void {
    clearTimeout(this.#gather);
    this.#gather = setTimeout(() => {
      this.#run.abort();
      this.#run = new AbortController();
      if (this.#topics.length > 0) void this.#keepUp(this.#run.signal);
      else this.#events.status("connecting");
    }, GATHER_MS);
  }

  async #keepUp(signal: AbortSignal): Promise<void> {
    for (let tries = 0; !signal.aborted; tries++) {
      if (this.#fruitless >= FRUITLESS && (await this.#poll(signal))) return;
      const outcome = await this.#listen(signal);
      if (signal.aborted || outcome === "signed out") return;
      if (outcome === "heard") tries = 0;
      else this.#fruitless++;
      if (this.#fruitless < FRUITLESS) this.#status("offline", signal);
      const wait = RETRY_MS[Math.min(tries, RETRY_MS.length - 1)] as number;
      await pause(wait * (0.7 + Math.random() * 0.6), signal);
    }
  }

  /** One stream, until it ends. */
  async #listen(signal: AbortSignal): Promise<"heard" | "nothing" | "signed out"> {
    const own = new AbortController();
    const stop = () => own.abort();
    signal.addEventListener("abort", stop, { once: true });
    let silence = setTimeout(stop, ANSWER_MS);
    let heard = false;
    try {
      const { body } = await this.#ask("live/stream", own.signal);
      for await (const event of readEvents(body as ReadableStream<Uint8Array>)) {
        if (signal.aborted) return "heard";
        clearTimeout(silence);
        silence = setTimeout(stop, SILENCE_MS);
        heard = true;
        this.#fruitless = 0;
        this.#polls = 1;
        this.#status("live", signal);
        if (event.event === "signed-out") return this.#signedOut();
        this.#take(event);
      }
    } catch (error) {
      if (!signal.aborted && toProblem(error).code === "UNAUTHENTICATED") return this.#signedOut();
    } finally {
      clearTimeout(silence);
      signal.removeEventListener("abort", stop);
      own.abort();
    }
    return heard ? "heard" : "nothing";
  }

  /** Asks every few seconds for a while. True: there is nobody to ask for. */
  async #poll(signal: AbortSignal): Promise<boolean> {
    for (let polls = 0; polls < this.#polls; polls++) {
      try {
        const patience = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
        const { body } = await this.#ask("live/poll", patience);
        for await (const event of readEvents(body as ReadableStream<Uint8Array>)) this.#take(event);
        this.#status("polling", signal);
      } catch (error) {
        if (signal.aborted) return true;
        if (toProblem(error).code === "UNAUTHENTICATED") {
          this.#signedOut();
          return true;
        }
        // Nobody answers at all: the stream is as good a way to find out when somebody does.
        this.#status("offline", signal);
        this.#fruitless = 0;
        return false;
      }
      if (this.#polls > 1) await pause(POLL_MS, signal);
      if (signal.aborted) return true;
    }
    this.#polls = Math.min(this.#polls * 2, MOST_POLLS);
    return false;
  }

  #ask(path: string, signal: AbortSignal): Promise<Response> {
    return request(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ topics: this.#topics, from: Object.fromEntries(this.#from) }),
      signal,
    });
  }

  #take({ event, data }: StreamEvent): void {
    if (event === "value") {
      const { topic, value } = JSON.parse(data) as ValueFrame;
      this.#keep(topic, { kind: "value", value });
    } else if (event === "rows") {
      const { topic, rows, rest, ...frame } = JSON.parse(data) as RowsFrame;
      const before = this.#states.get(topic);
      const known = before?.kind === "rows" ? before.rows : {};
      const order = frame.order ?? (before?.kind === "rows" ? before.order : []);
      const merged = Object.fromEntries(order.map((key) => [key, rows[key] ?? known[key]]));
      this.#keep(topic, { kind: "rows", order, rows: merged, rest });
    } else if (event === "output") {
      const frame = JSON.parse(data) as OutputFrame;
      this.#from.set(frame.topic, frame.offset + atob(frame.data).length);
      this.#events.output(frame);
    } else if (event === "problem") this.#events.problem(JSON.parse(data) as ProblemFrame);
  }

  #keep(topic: string, state: TopicState): void {
    if (!this.#topics.includes(topic)) return;
    this.#states.set(topic, state);
    this.#events.state(topic, state);
  }

  #status(status: LiveStatus, signal: AbortSignal): void {
    if (!signal.aborted) this.#events.status(status);
  }

  #signedOut(): "signed out" {
    this.#events.signedOut();
    return "signed out";
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    const over = () => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener("abort", over, { once: true });
  });
}
