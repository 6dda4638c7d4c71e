import type { Store } from "../../coordinator/ports/store.ts";

/** A call of the store that a test has stopped. */
export interface Hold {
  /** Resolves when the call is stopped. */
  readonly reached: Promise<void>;
  /** Lets it go on. */
  release(): void;
  /** Ends it with an error instead. */
  fail(error: Error): void;
}

export interface HeldStore extends Store {
  /**
   * Stops the next call that `matches`: before it reaches the database, or when it was carried out and before its answer is
   * told. @param name of the method with its part of the port: `flush`, `recovery.due`, `reads.task` …
   */
  hold(when: "before" | "after", name: string, matches?: (args: readonly unknown[], result?: unknown) => boolean): Hold;
  /** Lets every call go on, now and later. */
  letGo(): void;
}

interface Held {
  readonly when: "before" | "after";
  readonly name: string;
  readonly matches: (args: readonly unknown[], result?: unknown) => boolean;
  readonly reach: () => void;
  readonly go: Promise<void>;
}

type Method = (...args: unknown[]) => Promise<unknown>;

/** A store whose calls a test can hold open, so that what else happens meanwhile is no matter of luck. */
export function heldStore(store: Store): HeldStore {
  const holds: Held[] = [];
  const open = new Set<() => void>();
  const stop = async (when: Held["when"], name: string, args: readonly unknown[], result?: unknown) => {
    const at = holds.findIndex((held) => held.when === when && held.name === name && held.matches(args, result));
    const [held] = at < 0 ? [] : holds.splice(at, 1);
    held?.reach();
    await held?.go;
  };
  const wrapped = (target: object, prefix: string): object =>
    new Proxy(target, {
      get(_, property) {
        const value = (target as Record<string | symbol, unknown>)[property];
        const name = `${prefix}${String(property)}`;
        if (typeof value === "object" && value !== null && prefix === "") return wrapped(value, `${name}.`);
        if (typeof value !== "function") return value;
        return async (...args: unknown[]) => {
          await stop("before", name, args);
          const result = await (value as Method).apply(target, args);
          await stop("after", name, args, result);
          return result;
        };
      },
    });
  const held = wrapped(store, "") as HeldStore;
  const hold: HeldStore["hold"] = (when, name, matches = () => true) => {
    const reached = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    open.add(go.resolve);
    holds.push({ when, name, matches, reach: reached.resolve, go: go.promise });
    go.promise.catch(() => {});
    return { reached: reached.promise, release: go.resolve, fail: go.reject };
  };
  const letGo = () => {
    holds.length = 0;
    for (const go of open) go();
  };
  const more = { hold, letGo };
  return new Proxy(held, {
    get: (target, property) => more[property as keyof typeof more] ?? target[property as keyof Store],
  });
}
