import type { Redis } from "ioredis";

/** Messages without content between processes. They may be lost, and come once for each server that carries them. */
export class Wakes {
  readonly #publishers: readonly Redis[];
  readonly #subscribers: readonly Redis[];
  readonly #prefix: string;
  readonly #listeners = new Map<string, Set<() => void>>();

  /** @param subscribers connections of their own: one that listens does nothing else. */
  constructor(publishers: readonly Redis[], subscribers: readonly Redis[], prefix: string) {
    this.#publishers = publishers;
    this.#subscribers = subscribers;
    this.#prefix = prefix;
    for (const subscriber of subscribers)
      subscriber.on("message", (channel: string) => {
        for (const listener of this.#listeners.get(channel) ?? []) listener();
      });
  }

  wake(topic: string): void {
    for (const publisher of this.#publishers) publisher.publish(this.#prefix + topic, "").catch(() => {});
  }

  on(topic: string, listener: () => void): () => void {
    const channel = this.#prefix + topic;
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(listener));
    for (const subscriber of this.#subscribers) this.#subscribe(subscriber, channel);
    return () => listeners.delete(listener);
  }

  close(): void {
    for (const subscriber of this.#subscribers) subscriber.disconnect();
  }

  /** The driver subscribes again by itself after a reconnect; the first time may be while the server is away. */
  #subscribe(subscriber: Redis, channel: string): void {
    const subscribe = () => void subscriber.subscribe(channel).catch(() => {});
    if (subscriber.status === "ready") return subscribe();
    subscriber.once("ready", subscribe);
    if (subscriber.status === "wait") void subscriber.connect().catch(() => {});
  }
}
