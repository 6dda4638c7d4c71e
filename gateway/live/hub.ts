import { TssError } from "../../proto/errors.ts";
import type { RouteContext } from "../routes/context.ts";
import { KeyGuard } from "./key-guard.ts";
import type { Listener, State } from "./source.ts";
import { Topic } from "./topic.ts";
import { sourceOf } from "./topics.ts";

/** A topic nobody listens to is kept this long, ms: a browser that turns a page comes back to it. */
const LINGER_MS = 3_000;
/** Topics of this gateway; a read each 600 ms is the dearest of them. */
const MAX_OPEN = 1_000;

/** Joined topics of one listener. */
export interface Subscription {
  state(): State | undefined;
  leave(): void;
}

/** Every topic somebody of this gateway listens to: each is read once, however many browsers look at it. */
export class Hub {
  readonly keys: KeyGuard;
  readonly #context: RouteContext;
  readonly #topics = new Map<string, Topic>();

  constructor(context: RouteContext) {
    this.#context = context;
    this.keys = new KeyGuard(context.connection);
    context.draining.addEventListener("abort", () => this.#closeAll(), { once: true });
  }

  get open(): number {
    return this.#topics.size;
  }

  /**
   * @param headers a call's headers with the listener's key.
   * @param from first byte wanted, when the topic is output that nobody follows yet.
   * @throws Error when there is no such topic, TssError RESOURCE_EXHAUSTED when too many are open.
   */
  join(name: string, listener: Listener, headers: Record<string, string>, from: number): Subscription {
    let topic = this.#topics.get(name);
    // What is over may have changed since: who comes late reads it anew.
    if (topic?.finished) topic = undefined;
    if (topic === undefined) {
      if (this.#topics.size >= MAX_OPEN)
        throw new TssError("RESOURCE_EXHAUSTED", "This gateway follows as many things as it can.");
      topic = new Topic({
        source: sourceOf(this.#context, name, from),
        refused: (authorization) => this.keys.check(authorization),
      });
      this.#topics.set(name, topic);
      topic.join(listener, headers);
      void topic.run();
    } else topic.join(listener, headers);
    const joined = topic;
    return { state: () => joined.state, leave: () => this.#leave(name, joined, listener) };
  }

  #leave(name: string, topic: Topic, listener: Listener): void {
    topic.leave(listener);
    if (topic.listeners > 0) return;
    const linger = name.startsWith("output ") ? 0 : LINGER_MS;
    setTimeout(() => {
      if (topic.listeners > 0 || this.#topics.get(name) !== topic) return;
      topic.close();
      this.#topics.delete(name);
    }, linger).unref();
  }

  #closeAll(): void {
    for (const topic of this.#topics.values()) topic.close();
    this.#topics.clear();
  }
}
