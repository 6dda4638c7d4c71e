import { Health } from "../../proto/gen/grpc/health/v1/health_pb.js";
import type { Clock } from "../../runtime/clock.ts";
import type { Connection } from "../../sdk/typescript/connection-types.ts";

/** Signs of life to the coordinator, and the proof that it hears them. */
export interface Contact {
  heardAt(): number;
  /** A stream was greeted; its first message was sent at `sentAt`. */
  start(sentAt: number, intervalMs: number): void;
  stop(): void;
}

/**
 * Sends a heartbeat every interval. The stream does not answer heartbeats, and a network that swallows everything takes
 * them for a long time; so each is followed by a health check over the same connection, whose answer proves that what was
 * sent before it has arrived.
 * @param beat sends a heartbeat; false: it could not leave because the peer is slow.
 */
export function createContact(connection: Connection, clock: Clock, beat: () => boolean): Contact {
  const health = connection.service(Health);
  let heardAt = clock.monotonic();
  let timer: NodeJS.Timeout | undefined;

  const prove = async (intervalMs: number): Promise<void> => {
    const sentAt = clock.monotonic();
    if (!beat()) return;
    try {
      await health.check({}, { timeoutMs: intervalMs });
      heardAt = Math.max(heardAt, sentAt);
    } catch {
      // Unproven; the stream's own error says why, if there is one.
    }
  };
  return {
    heardAt: () => heardAt,
    start(sentAt, intervalMs) {
      heardAt = Math.max(heardAt, sentAt);
      clearInterval(timer);
      timer = setInterval(() => void prove(intervalMs), intervalMs).unref();
    },
    stop: () => clearInterval(timer),
  };
}
