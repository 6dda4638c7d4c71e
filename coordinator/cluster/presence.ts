import type { Timers } from "../../runtime/timers.ts";
import type { Leases } from "../ports/leases.ts";

export interface PresenceOptions {
  readonly leases: Leases;
  /** Of the lease. */
  readonly name: string;
  /** Resolves when the database has answered something. */
  readonly ask: () => Promise<unknown>;
  /** Time without an answer from which on the lease is given up. */
  readonly silentMs: number;
  readonly timers: Timers;
}

/**
 * The lease by which the others see that a coordinator lives though its signs of life in the database are late. One that hears
 * nothing of the database itself gives it up: it can write nothing, and its shards would stand still for as long as it held it.
 */
export class Presence {
  readonly #options: PresenceOptions;
  #isHeld = false;
  #isAsking = false;
  #isOver = false;
  #rest: () => void = () => {};
  #callOff: () => void = () => {};
  #turn: Promise<void> = Promise.resolve();

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  /** Resolves when the lease is held for the first time. */
  async begin(): Promise<void> {
    const { timers, silentMs } = this.#options;
    this.#rest = timers.every(silentMs / 3, () => void this.#look());
    await this.#heard();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    this.#rest();
    this.#callOff();
    await this.#set(false);
  }

  async #look(): Promise<void> {
    if (this.#isAsking || this.#isOver) return;
    this.#isAsking = true;
    try {
      await this.#options.ask();
      await this.#heard();
    } catch {
      // Away: the lease is given up when that lasts.
    } finally {
      this.#isAsking = false;
    }
  }

  #heard(): Promise<void> {
    if (this.#isOver) return this.#turn;
    const { timers, silentMs } = this.#options;
    this.#callOff();
    this.#callOff = timers.after(silentMs, () => void this.#set(false));
    return this.#set(true);
  }

  /** One change after the other. */
  #set(isHeld: boolean): Promise<void> {
    const { leases, name } = this.#options;
    this.#turn = this.#turn.then(async () => {
      if (this.#isHeld === isHeld) return;
      this.#isHeld = isHeld;
      await (isHeld ? leases.hold(name) : leases.letGo(name));
    });
    return this.#turn;
  }
}
