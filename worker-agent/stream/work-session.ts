import { durationMs } from "@bufbuild/protobuf/wkt";
import { type StatusCode, TssError } from "../../proto/errors.ts";
import { WorkerService, type WorkResponse } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { type Backoff, backoffMs } from "../../runtime/backoff.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import { abortableWait, within } from "../../runtime/wait.ts";
import type { Connection } from "../../sdk/typescript/connection-types.ts";
import type { AgentSession, OpenSession, SessionOptions } from "../session.ts";
import { createContact } from "./contact.ts";
import { createOutbox } from "./outbox.ts";

/** A lease outlives a lost connection by its term: the pauses must leave room for several tries. */
const RECONNECT: Backoff = { growth: "exponential", firstMs: 500, capMs: 5_000, jitter: 1 };

/** No further try would end otherwise. INTERNAL is tried again: proxies make it of a broken stream. */
const FATAL: ReadonlySet<StatusCode> = new Set(["UNAUTHENTICATED", "PERMISSION_DENIED", "UNIMPLEMENTED"]);

/** How long the coordinator may take over the end of a stream. */
const GOODBYE_MS = 1_000;

/** A session over `Work` streams: one at a time, the next as soon as one breaks, all of the same session. */
export function openWorkSession(connection: Connection, clock: Clock, logger: Logger): OpenSession {
  return (options) => startSession(connection, clock, logger, options);
}

function startSession(connection: Connection, clock: Clock, logger: Logger, options: SessionOptions): AgentSession {
  const { worker, events } = options;
  const workers = connection.service(WorkerService);
  const outbox = createOutbox();
  const contact = createContact(connection, clock, () => {
    outbox.beat();
    return !outbox.blocked;
  });
  const closing = new AbortController();
  let sessionId = "";
  let endStream: () => void = () => undefined;

  const receive = (response: WorkResponse): void => {
    for (const lease of response.leases) events.onLease(lease);
    for (const order of response.cancels) events.onCancel(order);
    for (const ack of response.logAcks) events.onLogAck(ack);
    for (const ack of response.outcomeAcks) events.onOutcomeAck(ack);
    if (response.drain) events.onDrain();
  };

  /** One stream from its hello to its end. Resolves whether it was greeted; throws what ended it. */
  const converse = async (greeted: () => void): Promise<void> => {
    const call = workers.work({});
    const sentAt = clock.monotonic();
    const { held, credit } = options.standing();
    endStream = () => call.end();
    call.write({
      hello: { worker, sessionId, credit, held: held.map(({ id, fencingToken }) => ({ id, fencingToken })) },
    });
    try {
      for await (const response of call) {
        const { welcome } = response;
        if (welcome !== undefined) {
          greeted();
          sessionId = welcome.sessionId;
          const intervalMs = welcome.heartbeatInterval === undefined ? 5_000 : durationMs(welcome.heartbeatInterval);
          const termMs = welcome.leaseTtl === undefined ? 3 * intervalMs : durationMs(welcome.leaseTtl);
          outbox.attach(call);
          contact.start(sentAt, intervalMs);
          events.onConnected(termMs, welcome.refused);
        }
        receive(response);
      }
    } finally {
      outbox.detach();
      contact.stop();
      call.cancel();
    }
  };

  const live = async (): Promise<void> => {
    let failures = 0;
    while (!closing.signal.aborted) {
      let isGreeted = false;
      try {
        await converse(() => {
          isGreeted = true;
          if (failures > 0) logger.warn({ address: worker.name }, "the coordinator answers again");
          failures = 0;
        });
      } catch (error) {
        if (closing.signal.aborted) return;
        if (!(error instanceof TssError) || isFatal(error, isGreeted)) throw error;
        logger[failures === 0 ? "error" : "debug"]({}, `${error.message} The agent goes on trying.`);
      }
      failures += 1;
      await abortableWait(backoffMs(RECONNECT, failures, Math.random()), closing.signal);
    }
  };
  const ended = live();
  // Whoever asks hears of it; an agent that is closed does not have to.
  ended.catch(() => undefined);

  return {
    ended,
    credit: outbox.credit,
    started: outbox.start,
    progress: outbox.progress,
    log: outbox.log,
    outcome: outbox.outcome,
    drain: outbox.drain,
    heardAt: contact.heardAt,
    async close() {
      closing.abort();
      outbox.flush();
      endStream();
      await within(
        ended.catch(() => undefined),
        GOODBYE_MS,
      );
    },
  };
}

/** A hello that is refused for what it says would be refused again. */
function isFatal(error: TssError, isGreeted: boolean): boolean {
  return FATAL.has(error.code) || (error.code === "INVALID_ARGUMENT" && !isGreeted);
}
