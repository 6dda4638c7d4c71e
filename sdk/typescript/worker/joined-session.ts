import type { HeldLease, Lease } from "../../../proto/gen/tss/v1/worker_service_pb.js";
import type { Connection, ConnectionOptions } from "../connection-types.ts";
import { Homeless } from "./homeless-leases.ts";
import { StreamSession, type WorkSessionHooks } from "./open-work-session.ts";
import { splitCredit } from "./split-credit.ts";
import type { OpenWorkSession, WorkSession, WorkSessionOptions } from "./work-session-types.ts";

/** One coordinator. */
interface Link {
  readonly address: string;
  readonly connection: Connection;
  readonly session: StreamSession;
  /** It used up its offers since it was last given some. */
  hungry: boolean;
  /** Leases that came from it or that it adopted, by key; kept only while there are several. */
  readonly leases: Map<string, LeaseRef>;
  /** It is no coordinator of the system any more: what it gave comes to its end, nothing new comes. */
  retiring: boolean;
}

type LeaseRef = Pick<HeldLease, "id" | "fencingToken">;

/** A coordinator that leaves offers unused for this long has nothing that waits. */
const IDLE_MS = 50;

const keyOf = ({ id, fencingToken }: LeaseRef) => `${id}.${fencingToken}`;

/**
 * Sessions of a worker with every coordinator there is. It begins with the addresses it was given; whoever answers names
 * the others. With a single coordinator it is a session over one connection.
 * @param open makes a connection to an address.
 */
export function joinedSessions(
  options: ConnectionOptions,
  open: (options: ConnectionOptions) => Connection,
  hooks: WorkSessionHooks = {},
): OpenWorkSession {
  return (session) => new JoinedSession(options, open, session, hooks);
}

class JoinedSession implements WorkSession {
  readonly #connection: ConnectionOptions;
  readonly #open: (options: ConnectionOptions) => Connection;
  readonly #options: WorkSessionOptions;
  readonly #hooks: WorkSessionHooks;
  readonly #links = new Map<string, Link>();
  readonly #homeless: Homeless;
  /** Leases the worker would accept now. */
  #accepts = 0;
  #draining = false;
  #closed = false;
  #balancing: NodeJS.Timeout | null = null;

  constructor(
    connection: ConnectionOptions,
    open: (options: ConnectionOptions) => Connection,
    options: WorkSessionOptions,
    hooks: WorkSessionHooks,
  ) {
    this.#connection = connection;
    this.#open = open;
    this.#options = options;
    this.#hooks = hooks;
    this.#homeless = new Homeless(
      () => [...this.#links.values()].filter(({ session }) => session.connected).map(({ session }) => session),
      (lease) => options.events.onCancel(this.#homeless.lostOrder(lease)),
    );
    for (const address of this.#seeds) this.#join(address);
  }

  /** Addresses that it was given; tried again when no other answers. */
  get #seeds(): readonly string[] {
    return this.#connection.address.split(",").map((address) => address.trim());
  }

  credit(count: number): void {
    this.#accepts += count;
    this.#balance();
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
    const all = [...this.#links.values()];
    const holding = all.filter(({ leases }) => leases.size > 0).map(({ session }) => session.heardAt());
    return holding.length > 0 ? Math.min(...holding) : Math.max(...all.map(({ session }) => session.heardAt()));
  }

  sessionId(): string {
    for (const { session } of this.#links.values()) if (session.sessionId() !== "") return session.sessionId();
    return "";
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#balancing !== null) clearTimeout(this.#balancing);
    this.#homeless.close();
    await Promise.all([...this.#links.values()].map((link) => this.#end(link)));
  }

  #ownerOf({ id, fencingToken }: { readonly id?: string; readonly fencingToken?: bigint }): Link | undefined {
    // With one coordinator there is nobody else whose it could be.
    if (this.#links.size === 1) return this.#links.values().next().value;
    const key = keyOf({ id: id ?? "", fencingToken: fencingToken ?? 0n });
    for (const link of this.#links.values()) if (link.leases.has(key)) return link;
    return undefined;
  }

  #join(address: string): void {
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
            this.#homeless.setTerm(termMs);
            events.onConnected(termMs, refused);
            this.#balance();
          },
          onLease: (lease) => this.#lease(link, lease),
          onOutcomeAck: (ack) => {
            if (link.leases.size > 0) this.#forget(link, ack);
            events.onOutcomeAck(ack);
          },
        },
      },
      hooks,
      {
        onCoordinators: (addresses) => this.#know(addresses),
        onAdoption: ({ adopted, refused }) => this.#adopted(link, adopted, refused),
        onMoved: (leases) => {
          for (const lease of leases) this.#forget(link, lease);
          this.#homeless.add(link.session.sessionId(), leases);
        },
      },
    );
    const link: Link = { address, connection, session, hungry: false, leases: new Map(), retiring: false };
    this.#links.set(address, link);
    if (this.#draining) session.drain();
  }

  /** Its own, and those that nobody is known to own: after a restart of the worker, all. */
  #heldFor(link: Link): ReturnType<WorkSessionOptions["held"]> {
    const elsewhere = new Set<string>();
    for (const other of this.#links.values())
      if (other !== link) for (const key of other.leases.keys()) elsewhere.add(key);
    return this.#options.held().filter((lease) => !elsewhere.has(keyOf(lease)));
  }

  /** The addresses of every coordinator: the one the worker began with stays only if it is among them. */
  #know(addresses: readonly string[]): void {
    if (this.#closed) return;
    const [only] = this.#links.size === 1 ? this.#links.values() : [];
    for (const lease of only === undefined ? [] : this.#options.held()) only?.leases.set(keyOf(lease), lease);
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
    if (!link.retiring || (link.session.connected && link.leases.size > 0)) return;
    this.#links.delete(link.address);
    void this.#end(link);
  }

  #forget(link: Link, lease: LeaseRef): void {
    link.leases.delete(keyOf(lease));
    this.#retire(link);
  }

  async #end({ session, connection }: Link): Promise<void> {
    await session.close();
    connection.close();
  }

  #lost(link: Link): void {
    link.hungry = false;
    const leases = [...link.leases.values()];
    link.leases.clear();
    // Also with nothing held: what it had given and did not arrive is known by that.
    if (link.session.sessionId() !== "" && this.#links.size > 1) this.#homeless.add(link.session.sessionId(), leases);
    this.#retire(link);
    this.#balance();
  }

  #adopted(link: Link, adopted: readonly HeldLease[], refused: readonly HeldLease[]): void {
    for (const lease of adopted) link.leases.set(keyOf(lease), lease);
    const settled = this.#homeless.settle([...adopted, ...refused]);
    // Named again and again, they are refused again once they have ended.
    for (const lease of refused)
      if (link.leases.delete(keyOf(lease)) || settled > 0)
        this.#options.events.onCancel(this.#homeless.lostOrder(lease));
    // Reports that waited for an owner are made again.
    if (settled > 0) this.#options.events.onConnected(this.#homeless.termMs, []);
  }

  #lease(link: Link, lease: Lease): void {
    if (this.#links.size > 1) link.leases.set(keyOf(lease), lease);
    this.#accepts--;
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
    const wanted = splitCredit(
      links.map(({ session, hungry }) => ({ offered: session.offered, hungry })),
      this.#accepts,
    );
    for (const [at, { session }] of links.entries()) {
      const change = (wanted[at] as number) - session.offered;
      if (change > 0) session.credit(change);
      else if (change < 0) session.withdraw(-change);
    }
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
