import { create } from "@bufbuild/protobuf";
import { AttemptOutcome, TaskReason } from "../../../proto/gen/tss/v1/task_pb.js";
import { type Adoption, type CancelOrder, CancelOrderSchema } from "../../../proto/gen/tss/v1/worker_service_pb.js";
import { addressesOf } from "../connection/address-list.ts";
import type { Connection, ConnectionOptions } from "../connection-types.ts";
import { type CoordinatorLink as Link, newsOf } from "./coordinator-link.ts";
import { CreditShares } from "./credit-shares.ts";
import { HomelessLeases } from "./homeless-leases.ts";
import { LeaseIntake } from "./lease-intake.ts";
import { type HomelessAnnouncement, LeasePlaces, type LeaseRef } from "./lease-places.ts";
import { StreamSession, type WorkSessionHooks } from "./open-work-session.ts";
import type { ReceivedLease } from "./received-lease.ts";
import type { OpenWorkSession, WorkSession, WorkSessionOptions } from "./work-session-types.ts";

/**
 * Sessions of a worker with every coordinator there is. It begins with the addresses it was given; whoever answers names
 * the others. With a single coordinator it is a session over one connection.
 * @param open makes a connection to an address.
 * @param before a session of the worker that is over, and what it holds of it.
 */
export function joinedSessions(
  options: ConnectionOptions,
  open: (options: ConnectionOptions) => Connection,
  hooks: WorkSessionHooks = {},
  before?: HomelessAnnouncement,
): OpenWorkSession {
  return (session) => new JoinedSession(options, open, session, hooks, before);
}

class JoinedSession implements WorkSession {
  readonly #connection: ConnectionOptions;
  /** Tried again when no other answers. */
  readonly #seeds: readonly string[];
  readonly #open: (options: ConnectionOptions) => Connection;
  readonly #options: WorkSessionOptions;
  readonly #hooks: WorkSessionHooks;
  readonly #links = new Map<string, Link>();
  /** With one coordinator there is nobody else whose anything could be; undefined: there are several. */
  #only: Link | undefined;
  /** Leases that are held, and with whom; kept only while there are several coordinators. */
  readonly #places = new LeasePlaces<Link>();
  readonly #homeless: HomelessLeases<Link>;
  readonly #intake: LeaseIntake;
  /** Length of a lease; until a coordinator has told it, the usual one. */
  #termMs = 15_000;
  /** Addresses of the coordinators, as they were told last. */
  #known: readonly string[] = [];
  /** Nothing is to be offered until the next connection: a coordinator said so, and it is meant for all. */
  #paused = false;
  #draining = false;
  #closed = false;
  readonly #shares: CreditShares;

  constructor(
    connection: ConnectionOptions,
    open: (options: ConnectionOptions) => Connection,
    options: WorkSessionOptions,
    hooks: WorkSessionHooks,
    before: HomelessAnnouncement | undefined,
  ) {
    this.#connection = connection;
    this.#seeds = addressesOf(connection.address);
    this.#open = open;
    this.#options = options;
    this.#hooks = hooks;
    this.#homeless = new HomelessLeases(
      this.#places,
      () => [...this.#links.values()].map(({ session }) => session).filter(({ connected }) => connected),
      (lease) => this.#lose(lease),
    );
    this.#intake = new LeaseIntake({
      onLease: (lease) => options.events.onLease(lease),
      giveBack: ({ id, token }) => {
        const owner = this.#ownerOf({ id, token });
        owner?.session.outcome({ id, token, outcome: AttemptOutcome.RELEASED });
        return owner?.session.connected === true;
      },
    });
    this.#shares = new CreditShares(this.#links, () => (this.#paused ? 0 : this.#intake.open));
    if (before !== undefined) this.#places.comeBack(before.sessionId, before.held, this.#until());
    for (const address of this.#seeds) this.#join(address);
  }

  credit(count: number): void {
    const left = this.#intake.accept(count);
    const only = this.#only;
    if (only !== undefined && !this.#draining && !this.#paused) only.session.credit(left);
    else this.#balance();
  }

  started(report: Parameters<WorkSession["started"]>[0]): void {
    this.#ownerOf(report)?.session.started(report);
  }

  progress(report: Parameters<WorkSession["progress"]>[0]): void {
    this.#ownerOf(report)?.session.progress(report);
  }

  log(report: Parameters<WorkSession["log"]>[0]): void {
    this.#ownerOf(report)?.session.log(report);
  }

  /** Without an owner it waits: whoever adopts the lease is told again. */
  outcome(report: Parameters<WorkSession["outcome"]>[0]): void {
    this.#ownerOf(report)?.session.outcome(report);
  }

  drain(): void {
    this.#draining = true;
    this.#intake.stop();
    for (const { session } of this.#links.values()) session.drain();
  }

  /** The longest silence of a coordinator that something is held of; with nothing held, the newest word of any. */
  heardAt(): number {
    const links = [...this.#links.values()];
    const holding = links.length < 2 ? [] : links.filter((link) => this.#places.isOwned(link));
    if (holding.length > 0) return Math.min(...holding.map(({ session }) => session.heardAt()));
    return Math.max(...links.map(({ session }) => session.heardAt()));
  }

  sessionId(): string {
    for (const { session } of this.#links.values()) if (session.begun) return session.sessionId();
    return "";
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#shares.close();
    this.#intake.close();
    this.#homeless.close();
    await Promise.all([...this.#links.values()].map((link) => this.#end(link)));
  }

  #held(): LeaseRef[] {
    return [...this.#options.held(), ...this.#intake.waiting()];
  }

  #ownerOf(of: { readonly id?: string; readonly token?: number; readonly fencingToken?: bigint }): Link | undefined {
    return this.#only ?? this.#places.ownerOf(of.id ?? "", of.token ?? of.fencingToken ?? 0n);
  }

  #join(address: string): void {
    this.#tellApart();
    const connection = this.#open({ ...this.#connection, address });
    const { events } = this.#options;
    const hooks: WorkSessionHooks = {
      onDisconnected: (error) => {
        link.trouble = error;
        const { news, last } = newsOf(error, [...this.#links.values()]);
        this.#lost(link);
        if (news !== undefined) this.#hooks.onDisconnected?.(news, last);
        const alone = ![...this.#links.values()].some((other) => other.session.connected);
        if (alone && !this.#closed) for (const seed of this.#seeds) if (!this.#links.has(seed)) this.#join(seed);
      },
    };
    const session = new StreamSession(
      connection,
      {
        worker: this.#options.worker,
        held: () => this.#places.ofOrNobodys(link, this.#held()),
        events: {
          ...events,
          onConnected: (termMs, refused) => {
            this.#termMs = termMs;
            this.#paused = false;
            link.trouble = undefined;
            events.onConnected(termMs, refused);
            this.#balance();
            if (this.#places.size > 0 || this.#links.size > 1) this.#homeless.announce();
          },
          onLease: (lease) => this.#lease(link, lease),
          onCancel: (order) => this.#cancel(order),
          onDrain: () => {
            this.#paused = true;
            this.#balance();
            events.onDrain();
          },
          onOutcomeAck: (ack) => {
            if (this.#places.size > 0) this.#places.delete(ack.id, ack.token);
            if (this.#intake.acknowledged(ack)) events.onOutcomeAck(ack);
            this.#retire(link);
          },
        },
      },
      hooks,
      {
        onCoordinators: (addresses) => this.#know(addresses),
        onAdoption: (adoption) => this.#adopted(link, adoption),
        onMoved: (lease) => {
          this.#places.leave(lease, link, this.#until());
          this.#intake.repeat();
          this.#homeless.announce();
          this.#retire(link);
        },
      },
    );
    const link: Link = { address, connection, session, hungry: false, retiring: false, trouble: undefined };
    this.#links.set(address, link);
    this.#only = this.#links.size === 1 ? link : undefined;
    if (this.#draining) session.drain();
  }

  /** There will be several: what is held is of the one that there was. */
  #tellApart(): void {
    const only = this.#only;
    if (!only?.session.begun) return;
    const session = only.session.sessionId();
    for (const lease of this.#held()) if (!this.#places.has(lease)) this.#places.add(lease, session, only);
  }

  /** The addresses of every coordinator: the one the worker began with stays only if it is among them. */
  #know(addresses: readonly string[]): void {
    if (this.#closed) return;
    this.#known = addresses;
    for (const address of addresses) if (!this.#links.has(address)) this.#join(address);
    for (const link of [...this.#links.values()]) {
      if (addresses.includes(link.address) || link.retiring) continue;
      link.retiring = true;
      if (link.session.connected) link.session.drain();
      this.#retire(link);
    }
    this.#balance();
  }

  /** Ends a link that nothing is held of any more. */
  #retire(link: Link): void {
    if (!link.retiring || (link.session.connected && this.#places.isOwned(link))) return;
    if (this.#links.get(link.address) !== link) return;
    if (!link.session.connected) this.#places.leaveAll(link, link.session.giveUp(), this.#until());
    this.#links.delete(link.address);
    this.#only = this.#links.size === 1 ? this.#links.values().next().value : undefined;
    void this.#end(link);
    // It came back while its last ones ran.
    if (!this.#closed && this.#known.includes(link.address)) this.#join(link.address);
  }

  async #end({ session, connection }: Link): Promise<void> {
    await session.close();
    connection.close();
  }

  /**
   * Alone, it waits for its coordinator and goes on with its session. Of several the others may have its shards in a moment:
   * the session is over, so that what came from it can be said once and for all.
   */
  #lost(link: Link): void {
    link.hungry = false;
    this.#intake.repeat();
    if (this.#links.size > 1) {
      this.#places.leaveAll(link, link.session.giveUp(), this.#until());
      this.#homeless.announce();
    }
    this.#retire(link);
    this.#balance();
  }

  #until(): number {
    return performance.now() + this.#termMs;
  }

  #adopted(link: Link, { adopted, refused, elsewhere }: Pick<Adoption, "adopted" | "refused" | "elsewhere">): void {
    let settled = false;
    for (const lease of adopted) settled = this.#places.adopt(lease, link) || settled;
    for (const lease of refused) if (this.#places.refuse(lease, link)) this.#lose(lease);
    for (const lease of elsewhere) this.#places.leave(lease, link, this.#until());
    if (elsewhere.length > 0 && this.#places.homeless) this.#homeless.tellLater();
    // Reports that waited for an owner are made again.
    if (settled) this.#options.events.onConnected(this.#termMs, []);
  }

  /** The lease is not the worker's any more: what runs is given up without a report. */
  #lose({ id, fencingToken }: LeaseRef): void {
    this.#places.delete(id, fencingToken);
    this.#cancel(create(CancelOrderSchema, { id, fencingToken, reason: TaskReason.LOST }));
  }

  #lease(link: Link, lease: ReceivedLease): void {
    // It was on its way when its link was ended: nobody would hear how it went.
    if (this.#links.get(link.address) !== link) return;
    const several = this.#links.size > 1;
    if (several) {
      this.#places.add(lease, link.session.sessionId(), link);
      if (link.session.offered <= 0) link.hungry = true;
    }
    this.#intake.lease(lease);
    if (several) this.#balance();
  }

  #cancel(order: CancelOrder): void {
    if (this.#intake.cancel(order)) this.#options.events.onCancel(order);
  }

  #balance(): void {
    if (!this.#draining) this.#shares.balance();
  }
}
