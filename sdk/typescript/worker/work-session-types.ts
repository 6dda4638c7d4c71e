import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  CancelOrder,
  HeldLease,
  LogAck,
  LogReportSchema,
  OutcomeReport,
  ProgressReportSchema,
  StartReportSchema,
  WorkerInfoSchema,
} from "../../../proto/gen/tss/v1/worker_service_pb.js";

import type { HandlerReport } from "./handler-report.ts";
import type { ReceivedLease } from "./received-lease.ts";

/** The answer to a report. */
export interface ReportAck {
  readonly id: string;
  readonly token: number;
  readonly fencingToken: bigint;
  readonly accepted: boolean;
}

/** What a worker hears. */
export interface WorkSessionEvents {
  /** A stream is open and greeted; `refused` are leases that are no longer the worker's. */
  onConnected(leaseTtlMs: number, refused: readonly HeldLease[]): void;
  onLease(lease: ReceivedLease): void;
  onCancel(order: CancelOrder): void;
  onLogAck(ack: LogAck): void;
  onOutcomeAck(ack: ReportAck): void;
  /** Take nothing more, finish what runs. */
  onDrain(): void;
}

/** The worker's side of a session; it reconnects by itself. Nothing here waits or throws. */
export interface WorkSession {
  /** Accepts this many leases more. */
  credit(count: number): void;
  started(report: MessageInitShape<typeof StartReportSchema>): void;
  progress(report: MessageInitShape<typeof ProgressReportSchema>): void;
  log(report: MessageInitShape<typeof LogReportSchema>): void;
  outcome(report: OutcomeReport | HandlerReport): void;
  /** Wants nothing more. */
  drain(): void;
  /** Monotonic ms at which the newest message was sent that the coordinator is known to have heard. */
  heardAt(): number;
  /** Public id `w_…` that the coordinator gave it; "" before the first greeting. */
  sessionId(): string;
  close(): Promise<void>;
}

export interface WorkSessionOptions {
  readonly worker: MessageInitShape<typeof WorkerInfoSchema>;
  /** Asked at every connection. */
  held(): readonly { readonly id: string; readonly fencingToken: bigint }[];
  readonly events: WorkSessionEvents;
}

export type OpenWorkSession = (options: WorkSessionOptions) => WorkSession;
