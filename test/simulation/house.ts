import { createIdCodec, type IdCodec } from "../../coordinator/kernel/task-id.ts";
import { refKey } from "../../coordinator/kernel/task-ref.ts";
import type { FlushBatch, FlushResult, OwnedShard } from "../../coordinator/ports/store.ts";
import type { Bug } from "./bugs.ts";
import { SimCoordinator } from "./coordinator.ts";
import { type Committer, Journal, type Written } from "./journal.ts";
import { Disk } from "./store/disk.ts";
import { openMemoryStore } from "./store/memory-store.ts";
import type { Fate } from "./store-link.ts";
import type { Plan } from "./weather.ts";
import type { World } from "./world.ts";

/** The database and the coordinators of a history: who runs is kept running, as a supervisor does. */
export class House {
  readonly world: World;
  readonly plan: Plan;
  readonly disk: Disk;
  readonly journal: Journal;
  readonly coordinators: SimCoordinator[] = [];
  readonly ids: IdCodec;
  /** By how much the wall clock is off, ms. */
  wallMs = 0;
  stormy = true;
  #awayUntil = 0;
  #runs = 0;
  readonly #bug: Bug;

  /** @param bug planted in what the coordinators are given. */
  constructor(world: World, plan: Plan, bug: Bug = {}) {
    this.world = world;
    this.plan = plan;
    this.#bug = bug;
    this.disk = new Disk(plan.shards, () => world.time);
    this.ids = createIdCodec(this.disk.salt);
    this.journal = new Journal(plan.weather.clockSteps > 0);
  }

  /** Coordinators that can be called. */
  get serving(): readonly SimCoordinator[] {
    return this.coordinators.filter(({ serves }) => serves);
  }

  /** Those that own the shards still, and not only think so. */
  get owners(): readonly SimCoordinator[] {
    const isOwner = ({ shard, epoch }: OwnedShard) => this.disk.shards[shard]?.epoch === epoch;
    return this.serving.filter(({ engine }) => engine?.state.shards.owners.every(isOwner));
  }

  get living(): readonly SimCoordinator[] {
    return this.coordinators.filter(({ process }) => process.alive);
  }

  /** The one way to begin: a process that did not come up, or died, is followed by another after a while. */
  launch(takeover = false): void {
    const { world, plan } = this;
    const name = `c${++this.#runs}`;
    const store = openMemoryStore(this.disk);
    const coordinator = new SimCoordinator({
      world,
      name,
      store: this.#bug.spoil?.(store, this.disk, world) ?? store,
      config: { ...plan.config, ...this.#bug.config?.(plan.config) },
      termMs: plan.config.leaseTtlMs,
      wallMs: () => this.wallMs,
      database: {
        latency: () => this.latency(),
        fate: (call) => this.#fateOf(call),
        isAway: () => world.time < this.#awayUntil,
      },
      diesAt: () => this.stormy && world.chance.odds(plan.weather.failpointDeaths),
      onCommit: (batch: FlushBatch, result: FlushResult, by: Committer) => this.journal.commit(batch, result, by),
    });
    this.coordinators.push(coordinator);
    world.note(`${name} starts${takeover ? " and takes over" : ""}`);
    coordinator.process.onDeath(() => this.#followUp());
    void coordinator.start(takeover);
  }

  #followUp(): void {
    if (this.living.length > 0) return;
    this.world.after(this.world.chance.between(20, 800), "the supervisor starts a coordinator", () => {
      if (this.living.length === 0) this.launch();
    });
  }

  /** A task as the commits have made it, by its public id. */
  writtenOf(id: string): Written | undefined {
    const ref = this.ids.decode(id);
    return ref === null ? undefined : this.journal.tasks.get(refKey(ref));
  }

  /** Whether retention may have taken the task. */
  forgets(id: string): boolean {
    return this.plan.config.retentionMs < 60_000 && this.writtenOf(id)?.end != null;
  }

  outage(ms: number): void {
    this.world.note(`the database is away for ${ms.toFixed(0)} ms`);
    this.#awayUntil = Math.max(this.#awayUntil, this.world.time + ms);
  }

  /** One way between two processes, ms: mostly the usual time, seldom much more. */
  latency(): number {
    const { chance } = this.world;
    const usual = this.plan.weather.latencyMs * (0.5 + chance.draw());
    return this.stormy && chance.odds(0.01) ? usual + chance.between(0, 400) : usual;
  }

  /** From now on nothing goes wrong any more. */
  calm(): void {
    this.stormy = false;
    this.#awayUntil = 0;
    this.wallMs = 0;
    for (const { process } of this.living) process.goOn();
    this.world.note("the storm is over");
  }

  #fateOf(_call: string): Fate {
    const { chance } = this.world;
    if (!this.stormy || !chance.odds(this.plan.weather.storeFailures)) return "fine";
    return chance.pick(["refused", "unsent", "unanswered", "orphaned"]);
  }
}
