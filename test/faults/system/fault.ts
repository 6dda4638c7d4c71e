import type { Minimums } from "../check/vacuity.ts";
import type { Chance } from "./seeded.ts";
import type { Coordinator, System } from "./start-system.ts";
import type { Supervised } from "./supervised.ts";

/**
 * "short": a worker is lost within seconds. "watchful": a coordinator is. "patient": neither is, unless it is gone. What is not
 * waited for has a term that a busy machine does not use up.
 */
export type Terms = "short" | "watchful" | "patient";

/** One thing that goes wrong, as data: how it comes, how long it stays, how it goes. */
export interface Fault {
  readonly name: string;
  /** What goes wrong, for people. */
  readonly says: string;
  /** What TSS promises then, for people. */
  readonly promise: string;
  /** Recovery that is promised, ms; measured and printed, never asserted. */
  readonly boundMs: number;
  /** Longest wait for anything that must come about in its run, ms, on a machine however slow: what has not come by then hangs. */
  readonly patienceMs: number;
  readonly terms: Terms;
  /** What must have happened besides the usual. */
  readonly least?: Partial<Minimums>;
  /** Recovery counts from here; else from when it came. */
  readonly countsFrom?: "healed";
  /** @returns what must recover, and by what the fault was seen to have come. */
  apply(scene: Scene): Promise<Applied>;
}

export interface Applied {
  /** Coordinators whose shards, and agents whose work, must go on. None: everybody's. */
  readonly parts?: readonly (Coordinator | Supervised)[];
  /** Holds until it has lasted long enough. */
  hold?(): Promise<void>;
  heal?(): Promise<void>;
  /** Asked when it is over. Empty: nothing shows that it took effect. */
  bit(): readonly string[];
}

/** What a fault may reach. */
export interface Scene {
  readonly system: System;
  readonly chance: Chance;
  /** The agent cannot act or be heard from now on, until `calm`. */
  disturb(agent: string): void;
  calm(agent: string): void;
  /** Tasks that an agent runs now, by the ledger. */
  running(agent: string): readonly string[];
  /** Those of them that run until the fault has gone, and may be started again. */
  movable(agent: string): readonly string[];
  /** Carried out when the run is over, whatever has become of it. */
  afterwards(close: () => Promise<void>): void;
  /** Whether a task was started a second time, by any agent. */
  startedAgain(task: string): boolean;
  /** Whether a task was started at a time after this line count of the ledger, by another agent. */
  startedElsewhere(task: string, agent: string): boolean;
  /** @throws Error when it does not come about within the bound. */
  until(what: string, holds: () => boolean | Promise<boolean>): Promise<void>;
  /** Resolves when so many more calls were made, of whatever outcome. */
  calls(count: number): Promise<void>;
}
