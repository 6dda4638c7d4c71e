import type { WorkerInfo } from "../../proto/gen/tss/v1/worker_service_pb.js";
import type { WorkStream } from "../operations/operations.ts";
import type { Item } from "./item.ts";
import type { Profile } from "./profile.ts";

/** A worker as the coordinator knows it: it outlives its stream until its lease is over. */
export interface Session {
  /** Public id, `w_…`. */
  readonly id: string;
  /** Random 48-bit number that event rows carry. */
  readonly number: number;
  readonly keyId: string;
  info: WorkerInfo;
  profile: Profile;
  stream: WorkStream | null;
  /** It calls again and again instead of holding a stream: between two calls it is there all the same. */
  polls: boolean;
  /** The peer reads too slowly: nothing is leased to it until it has caught up. */
  stalled: boolean;
  /** Leases it would accept now. */
  credit: number;
  readonly held: Set<Item>;
  /** Amounts that what it holds takes. */
  readonly used: Map<string, number>;
  draining: boolean;
  /** Generation of segments in which its row was last written: a row that no event of a kept segment names is forgotten. */
  recordedIn: number;
  readonly connectedAt: number;
  /** Monotonic ms of the last message, or of the last moment an open long poll was seen. */
  seenAt: number;
  /** Wall clock of the same, for people. */
  lastSeen: number;
}

/**
 * Whether the worker is there, as far as is known.
 * @param monotonic now, ms.
 */
export function isConnected(session: Session, monotonic: number, leaseTtlMs: number): boolean {
  if (session.stream !== null) return true;
  // It was told to call again within a third of the term; the second third forgives a slow one.
  return session.polls && monotonic - session.seenAt < (leaseTtlMs * 2) / 3;
}

/** The same in the words of people and metrics. */
export function connectionOf(session: Session, monotonic: number, leaseTtlMs: number) {
  if (!isConnected(session, monotonic, leaseTtlMs)) return "disconnected";
  return session.draining ? "draining" : "active";
}
