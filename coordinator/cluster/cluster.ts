import type { Logger } from "../../runtime/logger.ts";
import { systemTimers, type Timers } from "../../runtime/timers.ts";
import type { Engine } from "../engine/engine.ts";
import { planShards, type ShardPlan } from "../kernel/plan-shards.ts";
import type { Leases } from "../ports/leases.ts";
import type { ClusterView, Member, SharedStore } from "../ports/shared-store.ts";
import { StoreLostError } from "../ports/store-errors.ts";
import { MemberJudge } from "./judge-members.ts";
import { Presence } from "./presence.ts";

export interface ClusterOptions {
  readonly shared: SharedStore;
  readonly engine: Engine;
  readonly member: number;
  readonly leases: Leases | null;
  readonly logger: Logger;
  /** Between two looks when nothing wakes it. */
  readonly lookMs: number;
  /** Silence from which a member counts as dead. */
  readonly silentMs: number;
  /** Absent: those of the process. */
  readonly timers?: Timers;
}

const TOPIC = "members";
const leaseOf = (member: number) => `coordinator:${member}`;

/**
 * One coordinator among several: sees who lives, takes the shards that are its to have, and gives up those that are not.
 * One step at a time; what fails is tried again at the next look.
 */
export class Cluster {
  readonly #options: ClusterOptions;
  readonly #judge: MemberJudge;
  #view: ClusterView = { members: [], shards: [] };
  #living: readonly Member[] = [];
  readonly #timers: Timers;
  #callOff: () => void = () => {};
  #step: Promise<void> = Promise.resolve();
  #again = false;
  /** One look at a time, the first included: a wake that comes before it has ended is for the next. */
  #busy = true;
  #leaving = false;
  #stopped = false;
  #unsubscribe: () => void = () => {};
  readonly #presence: Presence | null;

  constructor(options: ClusterOptions) {
    const { leases, member, engine, silentMs, timers = systemTimers } = options;
    this.#options = options;
    this.#timers = timers;
    const name = leaseOf(member);
    const ask = () => engine.state.store.checkOwner([]);
    this.#presence = leases === null ? null : new Presence({ leases, name, ask, silentMs, timers });
    this.#judge = new MemberJudge(options.silentMs);
  }

  get member(): number {
    return this.#options.member;
  }

  /** The other members that live. */
  others(): readonly Member[] {
    return this.#living.filter(({ member }) => member !== this.member);
  }

  /** As it was at the last look. */
  get view(): ClusterView {
    return this.#view;
  }

  /** The coordinator that owns a shard, as far as is known; undefined: nobody, or one that is no more. */
  ownerOf(shard: number): Member | undefined {
    const owner = this.#view.shards[shard]?.member;
    return this.#view.members.find(({ member }) => member === owner);
  }

  /** Resolves after the first look: shards that were nobody's are owned by then. */
  async start(): Promise<void> {
    const { leases } = this.#options;
    await this.#presence?.begin();
    this.#unsubscribe = leases?.onWake(TOPIC, () => this.wake()) ?? (() => {});
    await this.#look().finally(() => {
      this.#busy = false;
    });
    leases?.wake(TOPIC);
    this.#plan();
  }

  /** Looks at once: a peer is suspected, or somebody has given shards back. */
  wake(): void {
    if (this.#busy) this.#again = true;
    else if (!this.#stopped) this.#run();
  }

  /** Gives every shard to others and is a member no more. */
  async leave(): Promise<void> {
    if (this.#stopped) return;
    this.#leaving = true;
    this.#stop();
    await this.#step;
    const { engine, shared, leases } = this.#options;
    await engine.release(engine.state.shards.owners.map(({ shard }) => shard));
    await shared.leave();
    await this.#presence?.end();
    leases?.wake(TOPIC);
  }

  /** Ends without a word, as a fenced owner does. */
  async close(): Promise<void> {
    this.#stop();
    await this.#presence?.end();
    await this.#step;
  }

  #stop(): void {
    this.#stopped = true;
    this.#unsubscribe();
    this.#callOff();
  }

  #plan(): void {
    if (this.#stopped) return;
    this.#callOff();
    this.#callOff = this.#timers.after(this.#again ? 0 : this.#options.lookMs, () => this.#run());
    this.#again = false;
  }

  #run(): void {
    this.#busy = true;
    // A look that was planned is this one.
    this.#callOff();
    this.#step = this.#look()
      .catch((error: Error) => {
        if (error instanceof StoreLostError) this.#options.engine.state.lost(error);
        else this.#options.logger.warn({ error: error.message }, "the other coordinators cannot be seen");
      })
      .finally(() => {
        this.#busy = false;
        this.#plan();
      });
  }

  async #look(): Promise<void> {
    const { shared, engine, member, leases } = this.#options;
    this.#view = await shared.look(this.#leaving);
    const { members, shards } = this.#view;
    const names = await (leases?.held(members.map((one) => leaseOf(one.member))) ?? null);
    const held =
      names === null ? null : new Set(members.map((one) => one.member).filter((one) => names.has(leaseOf(one))));
    const judged = this.#judge.judge(member, members, held);
    const { release, take } = planShards(member, judged, shards);
    const living = new Set(judged.filter(({ alive, leaving }) => alive && !leaving).map((one) => one.member));
    this.#living = members.filter((one) => living.has(one.member)).sort((a, b) => a.member - b.member);
    const index = this.#living.findIndex((one) => one.member === member);
    const place = index < 0 ? engine.state.place : { index, count: this.#living.length };
    engine.tellCoordinators(
      this.#living.map(({ address }) => address),
      place,
    );
    // Ours by the database and not here: the answer to a taking was lost.
    const missed = shards.filter((one) => one.member === member && engine.state.shards.find(one.shard) === undefined);
    // Taken up in part, and neither finished nor given back: it begins anew.
    const partly = [...engine.state.shards].filter(({ phase }) => phase === "recovering").map(({ shard }) => shard);
    if (engine.state.stopped !== null || this.#stopped) return;
    await this.#carryOut({
      release: [...new Set([...release, ...partly])],
      take: [...take, ...missed.map(({ shard }) => ({ shard, from: member }))],
    });
  }

  async #carryOut({ release, take }: ShardPlan): Promise<void> {
    const { shared, engine, leases, logger } = this.#options;
    if (release.length > 0) {
      await engine.release(release);
      leases?.wake(TOPIC);
      logger.info({ shards: release.length }, "shards were given to another coordinator");
    }
    if (take.length > 0) {
      await engine.openSegment();
      const taken = await shared.take(take, engine.state.segments.open.seg);
      try {
        await engine.adopt(taken);
      } catch (error) {
        await engine.release(taken.map(({ shard }) => shard));
        throw error;
      }
      if (taken.length > 0) logger.info({ shards: taken.length }, "shards were taken up");
    }
    // What was done is seen by the next look, and by peers that ask.
    if (release.length + take.length > 0) this.#view = await shared.look(this.#leaving);
  }
}
