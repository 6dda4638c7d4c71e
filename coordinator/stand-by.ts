import { TssError } from "../proto/errors.ts";
import { systemClock } from "../runtime/clock.ts";
import type { Listening } from "./api/listen.ts";
import { startGrpcServer } from "./api/server.ts";
import type { Coordinator, CoordinatorOptions } from "./coordinator.ts";
import type { ApiKeyOperations } from "./operations/api-keys.ts";
import { KeyRing } from "./operations/key-ring.ts";
import type { Operations } from "./operations/operations.ts";
import { OwnedError, StoreUnavailableError } from "./ports/store-errors.ts";
import { type Opened, serve } from "./serve.ts";
import { told } from "./told.ts";

/** Between two tries to become the owner; each waits for the owner's session to end for as long as the store lets it. */
const PAUSE_MS = 250;

/**
 * A coordinator that waits for the end of another one. It listens and says so to whoever asks: health is NOT_SERVING, every
 * call is UNAVAILABLE with the reason STANDBY.
 */
export async function standBy(options: CoordinatorOptions, opened: Opened, first: string): Promise<Coordinator> {
  const { logger } = options;
  const { store, listening, metrics, tls, ended } = opened;
  let owner: string | undefined = first;
  const serving = Promise.withResolvers<void>();
  const stopping = new AbortController();
  const keys = new KeyRing({ catalog: store.catalog, clock: systemClock, logger });
  await keys.start();
  const sentence = () =>
    `This coordinator stands by: ${owner} owns this database, and this one takes over when that one ends; if it does not ` +
    "answer any more, `tss-coordinator --take-over` takes its place. Several work together with TSS_REDIS_URL.";
  const refusal = () => {
    throw new TssError("UNAVAILABLE", sentence(), { reason: "STANDBY", retryAfterMs: 1_000 });
  };
  const server = await startGrpcServer({
    operations: rooms(refusing(refusal)) as unknown as Operations,
    apiKeys: refusing(refusal) as unknown as ApiKeyOperations,
    keys,
    listen: lent(listening),
    tls,
    logger,
    clock: systemClock,
    serving: false,
  });
  const leaveDoor = async () => {
    await server.close();
    await keys.stop();
  };

  const wait = async (): Promise<Coordinator | undefined> => {
    while (!stopping.signal.aborted)
      try {
        const coordinator = await serve(options, opened);
        owner = undefined;
        return coordinator;
      } catch (error) {
        if (error instanceof OwnedError) owner = error.owner;
        else if (error instanceof StoreUnavailableError)
          logger.warn({ error: error.message }, "whether the owner lives cannot be seen");
        else throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    return undefined;
  };
  const taken = wait().then(
    async (coordinator) => {
      await leaveDoor();
      if (coordinator === undefined) return undefined;
      logger.warn({ address: coordinator.address }, "the owner has ended; this coordinator has taken over");
      serving.resolve();
      return coordinator;
    },
    async (error) => {
      await leaveDoor();
      ended.reject(told(error));
      return undefined;
    },
  );
  const end = async (how: (coordinator: Coordinator) => Promise<void>) => {
    stopping.abort();
    const coordinator = await taken;
    if (coordinator !== undefined) return how(coordinator);
    for (const close of [...opened.closers].reverse()) await close();
  };
  return {
    address: server.address,
    firstKey: undefined,
    metrics,
    ended: ended.promise,
    serving: serving.promise,
    standingBy: () => (owner === undefined ? undefined : sentence()),
    drain: (timeoutMs) => end((coordinator) => coordinator.drain(timeoutMs)),
    close: () => end((coordinator) => coordinator.close()),
  };
}

function rooms(room: object): object {
  return new Proxy({}, { get: () => room });
}

/** Answers every call in one way. */
function refusing(answer: () => unknown): object {
  return new Proxy({}, { get: () => answer });
}

/** It goes on listening when the server that had it closes. */
function lent(listening: Listening): Listening {
  return { ...listening, close() {}, closed: Promise.resolve() };
}
