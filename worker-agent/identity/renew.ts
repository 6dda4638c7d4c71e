import { setTimeout as pause } from "node:timers/promises";
import { TssError } from "../../proto/errors.ts";
import { ApiKeyService, type RenewWorkerKeyResponse } from "../../proto/gen/tss/v1/operator_service_pb.js";
import type { Logger } from "../../runtime/logger.ts";
import type { Connection } from "../../sdk/typescript/connection-types.ts";
import { drawSecrets, shown } from "./draw-secrets.ts";
import type { Secrets } from "./identity.ts";
import type { IdentityInUse } from "./in-use.ts";
import { lifeOf } from "./life.ts";

export interface RenewalParts {
  readonly inUse: IdentityInUse;
  /** To any coordinator; made for each renewal, so that a certificate that is new is shown. */
  readonly open: () => Connection;
  readonly logger: Pick<Logger, "info" | "error">;
  /** How long a coordinator may take to learn of a secret that another was told; 1 500 ms. */
  readonly knownEverywhereMs?: number;
}

/** Between two tries when one has failed, at most; near the end the tries come closer. */
const RETRY_MS = 600_000;
const RETRY_MIN_MS = 1_000;

/** Renews the agent's key and certificate in time, for as long as it runs. @returns the way to end it. */
export function keepRenewed(parts: RenewalParts): () => Promise<void> {
  const { inUse, logger } = parts;
  const stopping = new AbortController();
  const loop = async (): Promise<void> => {
    let failed = false;
    while (!stopping.signal.aborted) {
      const { renewAt, endsAt, next } = inUse.identity;
      const now = Date.now();
      const retry = Math.max(Math.min((endsAt - now) / 20, RETRY_MS), RETRY_MIN_MS);
      // What was begun before a restart is brought to its end at once.
      const wait = failed ? retry : next === undefined ? renewAt - now : 0;
      if (!(await waited(wait, stopping.signal))) return;
      try {
        await renew(parts, stopping.signal);
        failed = false;
        logger.info({ until: new Date(inUse.identity.endsAt).toISOString() }, "the agent's key was renewed");
      } catch (error) {
        if (stopping.signal.aborted) return;
        failed = true;
        const until = new Date(endsAt).toISOString();
        logger.error({ until }, `the agent's key was not renewed and is tried again: ${(error as Error).message}`);
      }
    }
  };
  const running = loop();
  return async () => {
    stopping.abort();
    await running;
  };
}

/**
 * New secrets take the place of the old ones. They are on the disk before anybody hears of them, and the old ones go when the
 * coordinator has said over the new key that they are gone; wherever this is cut off, the next try goes on from there.
 */
export async function renew(
  { inUse, open, knownEverywhereMs = 1_500 }: RenewalParts,
  signal?: AbortSignal,
): Promise<void> {
  const connection = open();
  const ask = (secrets: Secrets, by: Secrets): Promise<RenewWorkerKeyResponse> => {
    const { secretHash, publicKey } = shown(secrets);
    const headers = { authorization: `Bearer ${by.key}` };
    return connection
      .service(ApiKeyService)
      .renewWorkerKey({ secretHash, publicKey }, { headers, ...(signal && { signal }) });
  };
  const settle = async (next: Secrets): Promise<void> => {
    inUse.useNext(true);
    const { certificate, validFor } = await ask(next, next).catch((error) => {
      inUse.useNext(!isRefusal(error));
      throw error;
    });
    const { next: _, certificate: __, ...rest } = inUse.identity;
    await inUse.replace({
      ...rest,
      ...next,
      ...(certificate === "" ? {} : { certificate }),
      ...lifeOf(validFor, Date.now()),
    });
  };
  try {
    const begun = inUse.identity.next;
    if (begun !== undefined) {
      try {
        return await settle(begun);
      } catch (error) {
        // Nobody was told of it yet.
        if (!isRefusal(error)) throw error;
      }
    }
    const next = begun ?? drawSecrets(shown(inUse.identity).keyId);
    if (begun === undefined) await inUse.replace({ ...inUse.identity, next });
    await ask(next, inUse.identity);
    await pause(knownEverywhereMs, undefined, signal === undefined ? {} : { signal });
    await settle(next);
  } finally {
    connection.close();
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof TssError && error.code === "UNAUTHENTICATED";
}

/** False: it was aborted. */
async function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  const until = Date.now() + ms;
  for (;;) {
    const left = until - Date.now();
    if (left <= 0) return !signal.aborted;
    // A clock that was set, or a machine that slept, is noticed within the hour.
    const slept = await pause(Math.min(left, HOUR_MS), true, { signal, ref: false }).catch(() => false);
    if (!slept) return false;
  }
}

const HOUR_MS = 3_600_000;
