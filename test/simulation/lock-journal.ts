import type { CounterBody } from "../../coordinator/engine/counters.ts";
import { Violation } from "./world.ts";

/** Locks as the commits have them: nobody holds one beside another, and tokens rise for ever. */
export class LockJournal {
  readonly #holders = new Map<string, number>();
  readonly #tokens = new Map<string, number>();
  readonly #granted = new Set<string>();

  commit(bytes: Uint8Array): void {
    const { k = [] } = JSON.parse(Buffer.from(bytes).toString("utf8")) as CounterBody;
    for (const row of k) {
      if (row[0] === "g") this.#grant(row[1], row[3]);
      else if (row[0] === "x") this.#end(row[1], row[2]);
      else if (row[0] === "n" && this.#holders.get(row[1]) !== row[2])
        throw new Violation("lock", `the lock ${row[1]} is renewed under ${row[2]}, which does not hold it`);
    }
  }

  /** What a caller is told is committed. */
  checkGrant(name: string, token: number): void {
    if (!this.#granted.has(`${name} ${token}`))
      throw new Violation("lock", `the lock ${name} was given under ${token}, which is in no commit`);
  }

  #grant(name: string, token: number): void {
    const holder = this.#holders.get(name);
    if (holder !== undefined)
      throw new Violation("lock", `the lock ${name} is given to ${token}, and ${holder} holds it`);
    if (token <= (this.#tokens.get(name) ?? 0))
      throw new Violation("lock", `the token ${token} of ${name} does not rise`);
    this.#holders.set(name, token);
    this.#tokens.set(name, token);
    this.#granted.add(`${name} ${token}`);
  }

  #end(name: string, token: number): void {
    if (this.#holders.get(name) !== token)
      throw new Violation("lock", `the lock ${name} ends for ${token}, which does not hold it`);
    this.#holders.delete(name);
  }
}
