import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  CancelOrder,
  HeldLease,
  Lease,
  LogAck,
  LogReportSchema,
  OutcomeAck,
  OutcomeReport,
  ProgressReportSchema,
  StartReportSchema,
  WorkerInfoSchema,
} from "../proto/gen/tss/v1/worker_service_pb.js";

/** What an agent hears. */
export interface SessionEvents {
  /** A stream is open and greeted; `refused` are leases that are no longer the agent's. */
  onConnected(leaseTtlMs: number, refused: readonly HeldLease[]): void;
  onLease(lease: Lease): void;
  onCancel(order: CancelOrder): void;
  onLogAck(ack: LogAck): void;
  onOutcomeAck(ack: OutcomeAck): void;
  /** Take nothing more, finish what runs. */
  onDrain(): void;
}

/**
 * The agent's side of a worker session; it reconnects by itself. Nothing here waits or throws. What is said without a
 * connection is dropped, but for progress: the agent says it again in `onConnected`.
 */
export interface AgentSession {
  /** Rejects with the TssError after which no further connection is tried; resolves after `close`. */
  readonly ended: Promise<void>;
  /** Accepts this many leases more. */
  credit(count: number): void;
  started(report: MessageInitShape<typeof StartReportSchema>): void;
  progress(report: MessageInitShape<typeof ProgressReportSchema>): void;
  log(report: MessageInitShape<typeof LogReportSchema>): void;
  outcome(report: OutcomeReport): void;
  /** Wants nothing more. */
  drain(): void;
  /** Monotonic ms at which the newest message was sent that the coordinator is known to have heard. */
  heardAt(): number;
  close(): Promise<void>;
}

/** What an agent says of itself whenever it connects. */
export interface Standing {
  readonly held: readonly { readonly id: string; readonly fencingToken: bigint }[];
  /** Leases it accepts now, whatever it accepted before. */
  readonly credit: number;
}

export interface SessionOptions {
  readonly worker: MessageInitShape<typeof WorkerInfoSchema>;
  standing(): Standing;
  readonly events: SessionEvents;
}

export type OpenSession = (options: SessionOptions) => AgentSession;
