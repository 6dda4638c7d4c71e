import { create } from "@bufbuild/protobuf";
import { TaskReason } from "../../../proto/gen/tss/v1/task_pb.js";
import { type Adoption, CancelOrderSchema } from "../../../proto/gen/tss/v1/worker_service_pb.js";
import type { Connection, ConnectionOptions } from "../connection-types.ts";
import type { CoordinatorLink as Link } from "./coordinator-link.ts";
import { HomelessLeases } from "./homeless-leases.ts";
import { type HomelessAnnouncement, LeasePlaces, type LeaseRef } from "./lease-places.ts";
import { StreamSession, type WorkSessionHooks } from "./open-work-session.ts";
import type { ReceivedLease } from "./received-lease.ts";
import { shareCredit } from "./split-credit.ts";
import type { OpenWorkSession, WorkSession, WorkSessionOptions } from "./work-session-types.ts";

/** A coordinator that leaves offers unused for so many ms has nothing that waits. */
const IDLE_MS = 50;
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
  /** Length of a lease; until a coordinator has told it, the usual one. */
  #termMs = 15_000;
  /** Addresses of the coordinators, as they were told last. */
  #known: readonly string[] = [];
  /** Leases the worker would accept now. */
  #accepts = 0;
  /** Nothing is to be offered until the next connection: a coordinator said so, and it is meant for all. */
  #paused = false;
  #draining = false;
  #closed = false;
  #balancing: NodeJS.Timeout | null = null;

  constructor(
    connection: ConnectionOptions,
    open: (options: ConnectionOptions) => Connection,
    options: WorkSessionOptions,
    hooks: WorkSessionHooks,
    before: HomelessAnnouncement | undefined,
  ) {
    this.#connection = connection;
    this.#seeds = connection.address.split(",").map((address) => address.trim());
    this.#open = open;
    this.#options = options;
    this.#hooks = hooks;
    this.#homeless = new HomelessLeases(
      this.#places,
      () => [...this.#links.values()].map(({ session }) => session).filter(({ connected }) => connected),
      (lease) => this.#lose(lease),
    );
    if (before !== undefined) this.#places.comeBack(before.sessionId, before.held, this.#until());
    for (const address of this.#seeds) this.#join(address);
  }

  credit(count: number): void {
    this.#accepts += count;
    const only = this.#only;
    if (only !== undefined && !this.#draining && !this.#paused) only.session.credit(count);
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
    this.#accepts = 0;
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
    if (this.#balancing !== null) clearTimeout(this.#balancing);
    this.#homeless.close();
    await Promise.all([...this.#links.values()].map((link) => this.#end(link)));
  }

  #ownerOf(of: { readonly id?: string; readonly token?: number; readonly fencingToken?: bigint }): Link | undefined {
    return this.#only ?? this.#places.ownerOf(of.id ?? "", of.token ?? of.fencingToken ?? 0n);
  }

  #join(address: string): void {
    this.#tellApart();
    const connection = this.#open({ ...this.#connection, address });
    const { events } = this.#options;
    const hooks: WorkSessionHooks = {
      onDisconnected: (error, final) => {
        this.#lost(link);
        // One of several that goes is followed by the others: only the last one is news.
        const alone = ![...this.#links.values()].some((other) => other.session.connected);
        if (final || alone) this.#hooks.onDisconnected?.(error, final);
        if (alone && !this.#closed) for (const seed of this.#seeds) if (!this.#links.has(seed)) this.#join(seed);
      },
    };
    const session = new StreamSession(
      connection,
      {
        worker: this.#options.worker,
        held: () => this.#heldFor(link),
        events: {
          ...events,
          onConnected: (termMs, refused) => {
            this.#termMs = termMs;
            this.#paused = false;
            events.onConnected(termMs, refused);
            this.#balance();
            if (this.#places.size > 0 || this.#links.size > 1) this.#homeless.announce();
          },
          onLease: (lease) => this.#lease(link, lease),
          onDrain: () => {
            this.#paused = true;
            this.#balance();
            events.onDrain();
          },
          onOutcomeAck: (ack) => {
            if (this.#places.size > 0) this.#places.delete(ack.id, ack.token);
            events.onOutcomeAck(ack);
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
          this.#homeless.announce();
          this.#retire(link);
        },
      },
    );
    const link: Link = { address, connection, session, hungry: false, retiring: false };
    this.#links.set(address, link);
    this.#only = this.#links.size === 1 ? link : undefined;
    if (this.#draining) session.drain();
  }

  /** Its own, and those that nobody is known to own: after a restart of the worker, all. */
  #heldFor(link: Link): ReturnType<WorkSessionOptions["held"]> {
    const held = this.#options.held();
    if (this.#places.size === 0) return held;
    return held.filter(({ id, fencingToken }) => (this.#places.ownerOf(id, fencingToken) ?? link) === link);
  }

  /** There will be several: what is held is of the one that there was. */
  #tellApart(): void {
    const only = this.#only;
    if (!only?.session.begun) return;
    const session = only.session.sessionId();
    for (const lease of this.#options.held()) if (!this.#places.has(lease)) this.#places.add(lease, session, only);
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
    this.#options.events.onCancel(create(CancelOrderSchema, { id, fencingToken, reason: TaskReason.LOST }));
  }

  #lease(link: Link, lease: ReceivedLease): void {
    // It was on its way when its link was ended: nobody would hear how it went.
    if (this.#links.get(link.address) !== link) return;
    this.#accepts--;
    if (this.#links.size === 1) return this.#options.events.onLease(lease);
    this.#places.add(lease, link.session.sessionId(), link);
    if (link.session.offered <= 0) link.hungry = true;
    this.#options.events.onLease(lease);
    this.#balance();
  }

  /** Brings what each coordinator is offered to what it should have. */
  #balance(): void {
    if (this.#draining) return;
    const several = this.#links.size > 1;
    const links = [...this.#links.values()].filter((link) => !link.retiring && (link.session.connected || !several));
    // One that is away is offered anew when it is back.
    for (const { session } of this.#links.values())
      if (several && !session.connected && session.offered !== 0) session.withdraw(session.offered);
    shareCredit(links, this.#paused ? 0 : this.#accepts);
    this.#calm(links);
  }

  /** Who leaves offers unused for a while is not hungry any more. */
  #calm(links: readonly Link[]): void {
    if (this.#balancing !== null || !links.some(({ hungry }) => hungry) || links.length < 2) return;
    this.#balancing = setTimeout(() => {
      this.#balancing = null;
      for (const link of this.#links.values()) if (link.session.offered > 1) link.hungry = false;
      this.#balance();
    }, IDLE_MS);
    this.#balancing.unref();
  }
}
