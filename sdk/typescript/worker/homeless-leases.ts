import { create } from "@bufbuild/protobuf";
import { TaskReason } from "../../../proto/gen/tss/v1/task_pb.js";
import { type CancelOrder, CancelOrderSchema, type HeldLease } from "../../../proto/gen/tss/v1/worker_service_pb.js";
import type { StreamSession } from "./open-work-session.ts";

type LeaseRef = Pick<HeldLease, "id" | "fencingToken">;

/** What is held of a session whose coordinator has gone, or has handed the shard over. */
interface Group {
  readonly sessionId: string;
  /** All that was held then: named each time, for a shard may move again; what is not named goes back. */
  readonly held: readonly LeaseRef[];
  /** Those that nobody has taken up or refused. */
  readonly waiting: Map<string, LeaseRef>;
  /** Monotonic ms from which the lease is over. */
  until: number;
}

/** Between two announcements while nobody has taken up a lease. */
const REPEAT_MS = 250;
const FIRST_TERM_MS = 15_000;

const keyOf = ({ id, fencingToken }: LeaseRef) => `${id}.${fencingToken}`;

/** Leases without a coordinator: they are announced to the others until one adopts or refuses them, or their term is over. */
export class Homeless {
  readonly #sessions: () => readonly StreamSession[];
  readonly #onLost: (lease: LeaseRef) => void;
  #groups: Group[] = [];
  #timer: NodeJS.Timeout | null = null;
  termMs = FIRST_TERM_MS;

  /** @param onLost told of a lease whose term is over. */
  constructor(sessions: () => readonly StreamSession[], onLost: (lease: LeaseRef) => void) {
    this.#sessions = sessions;
    this.#onLost = onLost;
  }

  setTerm(termMs: number): void {
    this.termMs = termMs;
  }

  add(sessionId: string, leases: readonly LeaseRef[]): void {
    const until = performance.now() + this.termMs;
    const waiting = new Map(leases.map((lease) => [keyOf(lease), lease]));
    this.#groups.push({ sessionId, held: leases, waiting, until });
    this.#announce();
  }

  /** @returns how many of them were waited for. */
  settle(leases: readonly LeaseRef[]): number {
    let settled = 0;
    for (const { waiting } of this.#groups) for (const lease of leases) if (waiting.delete(keyOf(lease))) settled++;
    return settled;
  }

  /** The order by which a worker gives an attempt up without a report. */
  lostOrder({ id, fencingToken }: LeaseRef): CancelOrder {
    return create(CancelOrderSchema, { id, fencingToken, reason: TaskReason.LOST });
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#groups = [];
  }

  #announce(): void {
    const now = performance.now();
    this.#groups = this.#groups.filter(({ waiting, until }) => {
      if (until > now) return true;
      for (const lease of waiting.values()) this.#onLost(lease);
      return false;
    });
    for (const session of this.#sessions())
      for (const { sessionId, held } of this.#groups) session.announce(sessionId, held);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    // A group that held nothing is kept for its word alone: what it had given did not arrive.
    if (this.#groups.length > 0) this.#timer = setTimeout(() => this.#announce(), REPEAT_MS).unref();
  }
}
