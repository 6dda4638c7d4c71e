import type { Exchange } from "../http/exchange.ts";
import { PING_MS } from "./frames.ts";
import type { Hub, Subscription } from "./hub.ts";
import type { Listener } from "./source.ts";
import { nothingSent, type Sent, stateFrame } from "./state-frame.ts";

/** Least time between two states of the same topic, ms. */
const STATE_MS = 100;
/** Output a slow browser may be behind; past it output is dropped, which it sees by the offsets and fetches. */
const BUFFER_BYTES = 256 * 1024;

interface Joined {
  readonly subscription: Subscription;
  /** Rows of the topic this browser has. */
  readonly sent: Sent;
}

/** One browser's stream: what has changed is marked, and written when the connection has room for it. */
export class Viewer {
  readonly #exchange: Exchange;
  readonly #dropped: () => void;
  readonly #joined = new Map<string, Joined>();
  readonly #changed = new Set<string>();
  #queue: string[] = [];
  #queuedBytes = 0;
  #wake: (() => void) | null = null;
  #over = false;

  /** @param dropped called when output was left out. */
  constructor(exchange: Exchange, dropped: () => void) {
    this.#exchange = exchange;
    this.#dropped = dropped;
    exchange.signal.addEventListener("abort", () => this.#end(), { once: true });
  }

  /** @throws Error when the hub refuses the topic. */
  join(hub: Hub, topic: string, headers: Record<string, string>, from: number): void {
    const subscription = hub.join(topic, this.#listener(topic), headers, from);
    this.#joined.set(topic, { subscription, sent: nothingSent() });
    // The topic may have had a state before this browser was in the list.
    if (subscription.state() !== undefined) this.#mark(topic);
  }

  /** The last event, and the end. */
  finish(event: string): void {
    this.#push(`event: ${event}\ndata: {}\n\n`);
    this.#end();
  }

  problem(topic: string, code: string, detail: string, final: boolean): void {
    this.#push(`event: problem\ndata: ${JSON.stringify({ topic, code, detail, final })}\n\n`);
  }

  /** Writes until the browser has gone. */
  async write(): Promise<void> {
    const ping = setInterval(() => this.#push(": still here\n\n"), PING_MS);
    try {
      while (await this.#next()) {
        const texts = this.#queue;
        this.#queue = [];
        this.#queuedBytes = 0;
        for (const text of texts) if (!(await this.#exchange.write(text))) return;
        await this.#writeStates();
      }
      for (const text of this.#queue) await this.#exchange.write(text);
    } finally {
      clearInterval(ping);
      for (const { subscription } of this.#joined.values()) subscription.leave();
      this.#exchange.response.end();
    }
  }

  async #writeStates(): Promise<void> {
    if (this.#changed.size === 0) return;
    const topics = [...this.#changed];
    this.#changed.clear();
    for (const topic of topics) {
      const joined = this.#joined.get(topic);
      const state = joined?.subscription.state();
      if (joined === undefined || state === undefined) continue;
      if (!(await this.#exchange.write(stateFrame(topic, state, joined.sent)))) return;
    }
    await new Promise((resolve) => setTimeout(resolve, STATE_MS));
  }

  #listener(topic: string): Listener {
    return {
      changed: () => this.#mark(topic),
      output: (frame) => this.#push(`event: output\ndata: ${JSON.stringify({ topic, ...frame })}\n\n`),
      problem: ({ code, detail, final }) => this.problem(topic, code, detail, final),
    };
  }

  #mark(topic: string): void {
    this.#changed.add(topic);
    this.#wake?.();
  }

  #push(text: string): void {
    if (this.#queuedBytes + text.length > BUFFER_BYTES) return this.#dropped();
    this.#queue.push(text);
    this.#queuedBytes += text.length;
    this.#wake?.();
  }

  #end(): void {
    this.#over = true;
    this.#wake?.();
  }

  async #next(): Promise<boolean> {
    while (!this.#over && this.#queue.length === 0 && this.#changed.size === 0)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    this.#wake = null;
    return !this.#over;
  }
}
