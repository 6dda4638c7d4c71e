import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { KeyRing } from "../operations/key-ring.ts";
import type { CallContext } from "./call-context.ts";
import type { CallObserver } from "./call-observer.ts";
import type { EdgeLimits } from "./edge-limits.ts";

/** What the parts of one gRPC server share. */
export interface Edge {
  readonly keys: Pick<KeyRing, "verify" | "refusal" | "noteUse" | "onChange">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: CallObserver;
  readonly limits: EdgeLimits;
  /** Callers must have proven a certificate where the method is not for everyone. */
  readonly clientCertificates: boolean;
  /** Calls that are not over. */
  readonly calls: Set<CallContext>;
}
