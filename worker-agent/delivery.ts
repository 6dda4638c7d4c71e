import type { OutcomeReport } from "../proto/gen/tss/v1/worker_service_pb.js";
import { within } from "../runtime/wait.ts";
import type { Shipper } from "./output/shipper.ts";

export interface Delivery {
  /** Sends the outcome behind the output, and again until it is acknowledged or not wanted any more. */
  deliver(report: OutcomeReport): Promise<void>;
  /** `accepted` false: the lease is somebody else's or the attempt had ended. */
  acknowledge(accepted: boolean): void;
  /** A new connection. */
  resend(): void;
  /** The lease is somebody else's: nothing is sent any more. */
  abandon(): void;
}

/** How long the outcome waits for output that is still to be sent. */
const OUTPUT_FIRST_MS = 5_000;
/** How long the spool is kept after the outcome is acknowledged, for output that is not. */
const OUTPUT_AFTER_MS = 10_000;
/** A report that got lost on a living connection is repeated after this long. */
const REPEAT_MS = 15_000;

/** Carries one attempt's output and outcome to the coordinator. */
export function createDelivery(shipper: Shipper, send: (report: OutcomeReport) => void): Delivery {
  const answered = Promise.withResolvers<void>();
  let wanted = true;
  let pending: OutcomeReport | undefined;
  return {
    async deliver(report) {
      await within(Promise.race([shipper.sent, answered.promise]), OUTPUT_FIRST_MS);
      if (!wanted) return;
      pending = report;
      send(report);
      const repeat = setInterval(() => send(report), REPEAT_MS).unref();
      await answered.promise;
      clearInterval(repeat);
      pending = undefined;
      if (wanted) await within(shipper.settled, OUTPUT_AFTER_MS);
    },
    acknowledge(accepted) {
      wanted &&= accepted;
      answered.resolve();
    },
    resend() {
      if (!wanted) return;
      shipper.resend();
      if (pending !== undefined) send(pending);
    },
    abandon() {
      wanted = false;
      answered.resolve();
    },
  };
}
