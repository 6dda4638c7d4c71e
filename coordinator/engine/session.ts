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
  /** The peer reads too slowly: nothing is leased to it until it has caught up. */
  stalled: boolean;
  /** Leases it would accept now. */
  credit: number;
  readonly held: Set<Item>;
  /** Amounts that what it holds takes. */
  readonly used: Map<string, number>;
  draining: boolean;
  /** Its row has been written. */
  recorded: boolean;
  readonly connectedAt: number;
  /** Monotonic ms of the last message, or of the last moment an open long poll was seen. */
  seenAt: number;
  /** Wall clock of the same, for people. */
  lastSeen: number;
}
