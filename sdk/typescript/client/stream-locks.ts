import { create } from "@bufbuild/protobuf";
import { TssError } from "../../../proto/errors.ts";
import {
  AcquireLockRequestSchema,
  LockService,
  ReleaseLockRequestSchema,
  RenewLockRequestSchema,
} from "../../../proto/gen/tss/v1/lock_service_pb.js";
import { LIMITS } from "../../../proto/limits.ts";
import type { CallOptions, Connection } from "../connection-types.ts";
import type { Locks } from "./acquire-lock.ts";
import { type Answer, type Ask, LockStream } from "./lock-stream.ts";

type Case = Exclude<Answer["case"], undefined>;
type Value<C extends Case> = Extract<Answer, { case: C }>["value"];

/**
 * Calls about locks over one stream: a fraction of the processor's time of calls of their own. When the stream breaks they
 * fail with UNAVAILABLE, as over a broken connection. Where a coordinator does not know the stream, and past what one may
 * carry, each is a call of its own.
 */
export function streamLocks(connection: Connection): Locks & { close(): void } {
  const alone = connection.service(LockService);
  const stream = new LockStream(() => alone.lockStream());
  let isKnown = true;

  async function over<C extends Case>(
    answer: C,
    ask: Ask,
    options: CallOptions | undefined,
    byItself: () => Promise<Value<C>>,
  ): Promise<Value<C>> {
    if (!isKnown || stream.unanswered >= LIMITS.lockStreamCalls) return byItself();
    try {
      const given = await stream.ask(ask, options ?? {});
      if (given.case === answer) return given.value as Value<C>;
      throw new TssError(
        "INTERNAL",
        `The coordinator answered a lock's call with "${given.case}" instead of "${answer}".`,
      );
    } catch (error) {
      if (!(error instanceof TssError) || error.code !== "UNIMPLEMENTED") throw error;
      isKnown = false;
      return byItself();
    }
  }

  return {
    acquireLock: (request, options) =>
      over("acquired", { case: "acquire", value: create(AcquireLockRequestSchema, request) }, options, () =>
        alone.acquireLock(request, options),
      ),
    renewLock: (request, options) =>
      over("renewed", { case: "renew", value: create(RenewLockRequestSchema, request) }, options, () =>
        alone.renewLock(request, options),
      ),
    releaseLock: (request, options) =>
      over("released", { case: "release", value: create(ReleaseLockRequestSchema, request) }, options, () =>
        alone.releaseLock(request, options),
      ),
    close: () => stream.close(),
  };
}
