import { hostname } from "node:os";
import { TssError } from "../../../proto/errors.ts";
import type { HeldLease } from "../../../proto/gen/tss/v1/worker_service_pb.js";
import { type ClientOptions, clientConnection } from "../client/create-client.ts";
import { type PayloadCodec, payloadCodec } from "../codecs/payload-codec.ts";
import { openConnection } from "../connection/open-connection.ts";
import { causeOf } from "./handler-errors.ts";
import { HandlerFloor } from "./handler-floor.ts";
import type { TypedHandler } from "./handler-types.ts";
import { joinedSessions } from "./joined-session.ts";
import { watchLease } from "./lease-watch.ts";

export interface WorkerOptions extends Pick<ClientOptions, "address" | "apiKey" | "tls"> {
  /** One for each type; made by `taskType(…).handler`. */
  // biome-ignore lint/suspicious/noExplicitAny: a list of handlers of different inputs.
  readonly handlers: readonly TypedHandler<any, any>[];
  /** Attempts that run at a time: 1–10 000; 10. */
  readonly slots?: number;
  /** Absent: all. */
  readonly queues?: readonly string[];
  /** Shown to people; absent: the host's name. */
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly resources?: Readonly<Record<string, number>>;
  /** Version of the program, shown to people. */
  readonly version?: string;
  /** As the clients' that submit; absent: JSON and bytes. */
  readonly codec?: PayloadCodec;
  /** Hears that a connection was lost; `final`: no further try can mend it (a key that is refused). */
  readonly onDisconnected?: (error: TssError, final: boolean) => void;
}

export interface Worker {
  /** Resolves when a coordinator has greeted it. @throws TssError of a refusal that no waiting mends. */
  readonly ready: Promise<void>;
  /**
   * Takes nothing more, lets what runs come to its end, and leaves.
   * @param graceMs after it what runs is told to stop, and left when it does not within its own grace; absent: no limit.
   */
  close(graceMs?: number): Promise<void>;
}

/** How long a worker that leaves waits for its last reports to be acknowledged. */
const LAST_REPORTS_MS = 5_000;

/** Starts a worker: it connects, offers its slots and runs handlers until it is closed. */
export function createWorker(options: WorkerOptions): Worker {
  const handlers = new Map(options.handlers.map((handler) => [handler.type, handler] as const));
  if (handlers.size === 0 || handlers.size < options.handlers.length)
    throw new TssError("INVALID_ARGUMENT", "A worker has at least one handler, and one for each type.");
  const slots = options.slots ?? 10;
  const connection = { ...clientConnection(options), userAgent: "tss-typescript" };
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => {});
  const openSession = joinedSessions(connection, openConnection, {
    onDisconnected(error, final) {
      options.onDisconnected?.(error, final);
      if (final) ready.reject(error);
    },
  });
  const session = openSession({
    worker: {
      name: options.name ?? hostname(),
      hostname: hostname(),
      version: options.version ?? "",
      queues: [...(options.queues ?? [])],
      types: [...handlers.keys()],
      commands: false,
      labels: { ...options.labels },
      resources: { ...options.resources },
      slots,
      pid: process.pid,
    },
    held: () => floor.held(),
    events: {
      onConnected(leaseTtlMs: number, refused: readonly HeldLease[]) {
        watch.setTerm(leaseTtlMs);
        for (const lease of refused) floor.fence(lease);
        floor.connected();
        ready.resolve();
      },
      onLease: (lease) => floor.lease(lease),
      onCancel: (order) => floor.stop(order, causeOf(order.reason)),
      onLogAck: () => {},
      onOutcomeAck: ({ id, token }) => floor.acknowledged(id, token),
      onDrain: () => floor.pause(),
    },
  });
  const floor = new HandlerFloor(session, options.codec ?? payloadCodec(), handlers, slots);
  const watch = watchLease(
    () => performance.now(),
    () => session.heardAt(),
    () => floor.stopAll("lost"),
  );
  floor.offer();

  let closing: Promise<void> | undefined;
  const leave = async (graceMs: number | undefined): Promise<void> => {
    floor.drain();
    const hurry = graceMs === undefined ? undefined : setTimeout(() => floor.stopAll("drained"), graceMs);
    await floor.reported();
    clearTimeout(hurry);
    await within(floor.delivered(), LAST_REPORTS_MS);
    watch.close();
    floor.close();
    await session.close();
  };
  return {
    ready: ready.promise,
    close(graceMs) {
      closing ??= leave(graceMs);
      return closing;
    },
  };
}

async function within(promise: Promise<void>, milliseconds: number): Promise<void> {
  const patience = Promise.withResolvers<void>();
  const timer = setTimeout(patience.resolve, milliseconds);
  await Promise.race([promise, patience.promise]);
  clearTimeout(timer);
}
