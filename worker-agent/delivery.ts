import type { OutcomeReport } from "../proto/gen/tss/v1/worker_service_pb.js";
import { abortableWait } from "../runtime/wait.ts";
import type { Shipper } from "./output/shipper.ts";

export interface Delivery {
  /**
   * Sends the outcome behind the output, and again until it is acknowledged or not wanted any more.
   * @returns false when the agent left before that: the outcome is still to be delivered by the next one.
   */
  deliver(report: OutcomeReport): Promise<boolean>;
  /** `accepted` false: the lease is somebody else's or the attempt had ended. */
  acknowledge(accepted: boolean): void;
  /** A new connection. */
  resend(): void;
  /** The lease is somebody else's: nothing is sent any more. */
  abandon(): void;
  /** The agent leaves. */
  close(): void;
}

/** How long the outcome waits for output that is still to be sent. */
const OUTPUT_FIRST_MS = 5_000;
/** How long the spool is kept after the outcome is acknowledged, for output that is not. */
const OUTPUT_AFTER_MS = 10_000;
/** A report that got lost on a living connection is repeated after this long. */
const REPEAT_MS = 15_000;

/** Carries one attempt's output and outcome to the coordinator. */
export function createDelivery(shipper: Shipper, send: (report: OutcomeReport) => void): Delivery {
  const answered = new AbortController();
  const closed = new AbortController();
  let wanted = true;
  let pending: OutcomeReport | undefined;

  const patience = async (promise: Promise<unknown>, milliseconds: number, ...ends: AbortSignal[]): Promise<void> => {
    const settled = new AbortController();
    void promise.then(() => settled.abort());
    await abortableWait(milliseconds, AbortSignal.any([settled.signal, closed.signal, ...ends]));
  };
  return {
    async deliver(report) {
      await patience(shipper.sent, OUTPUT_FIRST_MS, answered.signal);
      const either = AbortSignal.any([answered.signal, closed.signal]);
      while (!either.aborted) {
        pending = report;
        send(report);
        await abortableWait(REPEAT_MS, either);
      }
      pending = undefined;
      if (wanted && answered.signal.aborted) await patience(shipper.settled, OUTPUT_AFTER_MS);
      return answered.signal.aborted;
    },
    acknowledge(accepted) {
      wanted &&= accepted;
      answered.abort();
    },
    resend() {
      if (!wanted) return;
      shipper.resend();
      if (pending !== undefined) send(pending);
    },
    abandon() {
      wanted = false;
      answered.abort();
    },
    close: () => closed.abort(),
  };
}
