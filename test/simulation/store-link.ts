import type { FlushBatch, FlushResult, Store } from "../../coordinator/ports/store.ts";
import { StoreUnavailableError } from "../../coordinator/ports/store-errors.ts";
import type { SimProcess } from "./sim-process.ts";
import type { MemoryStore } from "./store/memory-store.ts";

/** The way to the database, as a history has it. */
export interface DatabaseWeather {
  /** ms of one way. */
  latency(): number;
  /** Whether a call fails, and how. */
  fate(name: string): Fate;
  /** The database takes no calls now. */
  isAway(): boolean;
}

/**
 * fine: carried out and answered. refused: not carried out, and the caller knows. unsent: not carried out, unanswered:
 * carried out, orphaned: carried out some time after the caller was told that the connection is gone.
 */
export type Fate = "fine" | "refused" | "unsent" | "unanswered" | "orphaned";

/** Calls whose transaction may have been committed when their connection breaks. */
const IN_DOUBT: ReadonlySet<string> = new Set(["flush", "segments.open", "segments.reclaim"]);

type Method = (...args: unknown[]) => Promise<unknown>;

/** The store of a process at the other end of a connection that takes time and may break. */
export function linkStore(
  process: SimProcess,
  store: MemoryStore,
  weather: DatabaseWeather,
  onCommit: (batch: FlushBatch, result: FlushResult) => void,
): Store {
  const { world } = process;
  /** Transactions that go on without their caller. */
  const orphans = new Set<object>();

  function carryOut(name: string, method: Method, args: readonly unknown[]): Promise<unknown> {
    const answer = method(...args);
    answer.catch(() => {});
    if (name === "flush") answer.then((result) => onCommit(args[0] as FlushBatch, result as FlushResult)).catch(fail);
    return answer;
  }

  function fail(error: unknown): void {
    // A flush that the store has refused is its caller's to hear of.
    if ((error as Error).name === "Violation") world.fail(error as Error);
  }

  function call(name: string, method: Method, args: readonly unknown[]): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    if (!process.alive) return promise;
    const what = `${process.name} ${name}`;
    const lost = (delay: number, inDoubt: boolean, why: string) =>
      process.step(delay, `${what} ${why}`, () =>
        reject(new StoreUnavailableError(`the connection broke (${why})`, inDoubt && IN_DOUBT.has(name))),
      );
    const fate = weather.fate(name);
    const arrives = weather.latency();
    if (fate === "refused") lost(arrives, false, fate);
    else if (fate === "unsent") lost(arrives + world.chance.between(0, 300), true, fate);
    else {
      const orphan = {};
      if (fate === "orphaned") {
        orphans.add(orphan);
        lost(arrives, true, fate);
      }
      const later = fate === "orphaned" ? world.chance.between(0, 1_500) : 0;
      world.after(arrives + later, `${what} at the database`, () => {
        // What a dead process has sent may have reached the database, or not.
        if (!process.alive && world.chance.odds(0.5)) return;
        if (fate === "orphaned" && !orphans.delete(orphan)) return;
        if (weather.isAway()) return fate === "orphaned" ? undefined : lost(weather.latency(), true, "away");
        // Who asks what has become of a transaction makes sure that it has ended.
        if (name === "resolve") orphans.clear();
        const answer = carryOut(name, method, args);
        if (fate === "orphaned") return;
        if (fate === "unanswered") lost(world.chance.between(0, 300), true, fate);
        else process.step(weather.latency(), `${what} answered`, () => void answer.then(resolve, reject));
      });
    }
    return promise;
  }

  const wrapped = (target: object, prefix: string): object => {
    const link: Record<string, unknown> = {};
    for (const [property, value] of Object.entries(target)) {
      const name = `${prefix}${property}`;
      if (typeof value === "function") link[property] = (...args: unknown[]) => call(name, value as Method, args);
      else link[property] = typeof value === "object" && prefix === "" ? wrapped(value, `${name}.`) : value;
    }
    return link;
  };
  return wrapped(store, "") as Store;
}
