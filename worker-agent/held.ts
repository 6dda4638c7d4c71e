import type { LogAck } from "../proto/gen/tss/v1/worker_service_pb.js";
import type { Delivery } from "./delivery.ts";
import type { Shipper } from "./output/shipper.ts";
import type { Stop } from "./stop.ts";

/** An attempt this agent runs, or whose outcome is not acknowledged. */
export interface Held {
  readonly id: string;
  readonly fencingToken: bigint;
  readonly shipper: Shipper;
  readonly delivery: Delivery;
  /** Absent for what an earlier agent left: nothing of it runs. */
  readonly stop?: Stop;
  /** A new connection: says again what the coordinator may not have heard. */
  resend(): void;
  /** Absent for what does not run. @param at milliseconds since 1970. */
  tellDeadline?(at: number): void;
  /** Between SIGTERM and SIGKILL when a call or an operator ends it. */
  readonly graceMs: number;
}

type Lease = Pick<Held, "id" | "fencingToken">;

/** What the agent holds, by task and token. */
export interface HeldAttempts {
  add(held: Held): void;
  remove(lease: Lease): void;
  get(lease: Lease): Held | undefined;
  all(): Held[];
  /** The lease is somebody else's: it is stopped at once, and nothing of it is reported. */
  fence(lease: Lease): void;
  acknowledgeLog(ack: LogAck): void;
}

export function createHeldAttempts(): HeldAttempts {
  const held = new Map<string, Held>();
  const key = (lease: Lease): string => `${lease.id}.${lease.fencingToken}`;
  return {
    add: (attempt) => void held.set(key(attempt), attempt),
    remove: (lease) => void held.delete(key(lease)),
    get: (lease) => held.get(key(lease)),
    all: () => [...held.values()],
    fence(lease) {
      const attempt = held.get(key(lease));
      attempt?.delivery.abandon();
      attempt?.stop?.order("fenced", 0);
    },
    acknowledgeLog: (ack) => held.get(key(ack))?.shipper.acknowledge(Number(ack.offset), ack.full),
  };
}
