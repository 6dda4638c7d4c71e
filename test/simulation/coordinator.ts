import { hostname } from "node:os";
import { Engine } from "../../coordinator/engine/engine.ts";
import { LogBook } from "../../coordinator/engine/log-book.ts";
import type { EngineConfig, EngineObserver } from "../../coordinator/engine/state.ts";
import type { TaskRef } from "../../coordinator/kernel/task-ref.ts";
import type { FlushBatch, FlushResult } from "../../coordinator/ports/store.ts";
import { silentLogger } from "../../runtime/logger.ts";
import { memoryBlobs } from "../support/engine-house.ts";
import type { Committer } from "./journal.ts";
import { leaseKey } from "./ledger.ts";
import { SimProcess } from "./sim-process.ts";
import type { MemoryStore } from "./store/memory-store.ts";
import { type DatabaseWeather, linkStore } from "./store-link.ts";
import { Violation, type World } from "./world.ts";

const ignored = () => {};
const OBSERVER: EngineObserver = {
  submitted: ignored,
  started: ignored,
  attemptFinished: ignored,
  finished: ignored,
  flushed: ignored,
  timerLag: ignored,
  lockGranted: ignored,
};

/** One connection of a worker with this coordinator, as far as the rules ask for it. */
export interface WorkerLink {
  /** Leases that the worker was given over it, or named, by id and token. */
  readonly leases: Set<string>;
  /** When messages of the worker were taken. */
  readonly heard: number[];
}

export interface CoordinatorOptions {
  readonly world: World;
  readonly name: string;
  readonly store: MemoryStore;
  readonly config: EngineConfig;
  /** Silence after which a worker may be taken for lost, ms. */
  readonly termMs: number;
  readonly database: DatabaseWeather;
  readonly wallMs: () => number;
  /** Whether the process dies at a failpoint. */
  readonly diesAt: (failpoint: string) => boolean;
  readonly onCommit: (batch: FlushBatch, result: FlushResult, by: Committer) => void;
}

/** One run of a coordinator: from the start of its process to its end. */
export class SimCoordinator implements Committer {
  readonly process: SimProcess;
  readonly name: string;
  readonly logs = new LogBook(memoryBlobs(), 1024 * 1024, silentLogger);
  readonly links = new Set<WorkerLink>();
  readonly #options: CoordinatorOptions;
  /** Null: it starts still, or never came up. */
  engine: Engine | null = null;
  #readyAt = 0;

  constructor(options: CoordinatorOptions) {
    this.#options = options;
    this.name = options.name;
    this.process = new SimProcess(options.world, options.name, options.wallMs);
    this.process.onDeath(() => {
      options.world.note(`${this.name} is dead`);
      options.store.disconnect();
    });
  }

  /** Whether it can be called: its engine runs and has not been told to stop. */
  get serves(): boolean {
    return this.process.alive && this.engine !== null && this.engine.state.stopped === null;
  }

  /** @returns whether it came up. */
  async start(takeover: boolean): Promise<boolean> {
    const { world, config, store, database, onCommit, diesAt } = this.#options;
    const { process } = this;
    try {
      this.engine = await Engine.start({
        store: linkStore(process, store, database, (batch, result) => onCommit(batch, result, this)),
        config,
        clock: process,
        timers: process,
        chance: () => world.chance.draw(),
        logger: silentLogger,
        observer: OBSERVER,
        address: hostname(),
        takeover,
        failpoint: (name) => {
          if (!process.alive || !diesAt(name)) return;
          world.note(`${this.name} dies at ${name}`);
          process.kill();
        },
        onStopped: (error) => {
          if (error.name !== "FencedError")
            world.fail(new Violation("stopped", `${this.name} has given up: ${error.stack}`));
          process.kill();
        },
      });
      this.#readyAt = world.time;
      world.note(`${this.name} serves`);
      return process.alive;
    } catch (error) {
      if (!isExpected(error as Error)) world.fail(error as Error);
      process.kill();
      return false;
    }
  }

  /** See Committer: since it could have been heard, the worker of an attempt must have been silent for a whole term. */
  checkLost(task: TaskRef, token: number, at: number): void {
    const { termMs } = this.#options;
    const decidedAt = this.process.momentOf(at);
    let heardAt = this.#readyAt;
    const lease = leaseKey(this.engine?.state.ids.encode(task) ?? "", token);
    for (const { leases, heard } of this.links)
      if (leases.has(lease)) for (const time of heard) if (time < decidedAt - 2) heardAt = Math.max(heardAt, time);
    const silent = decidedAt - heardAt;
    if (silent < termMs - 5)
      throw new Violation(
        "lost",
        `${this.name} took the attempt ${lease} for lost ${silent.toFixed(1)} ms after it was heard of`,
      );
  }
}

/** What a start may fail with when the database is away, or somebody else has it. */
function isExpected({ name }: Error): boolean {
  return name === "OwnedError" || name === "StoreUnavailableError" || name === "FencedError" || name === "TssError";
}
