import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import type { Lock } from "../../proto/gen/tss/v1/lock_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import type { AcquireOptions } from "../../sdk/typescript/client/acquire-lock.ts";
import { UsageError } from "../errors.ts";
import { durationFlag } from "../flags.ts";
import { printable } from "../render/printable.ts";

export const LOCK_ARGUMENT = Args.string({ description: "name of the lock", required: true });

export const TOKEN_ARGUMENT = Args.custom<number>({
  description: "token that the lock was given with",
  parse: async (text) => readToken(text),
})({ required: true });

export const ACQUIRE_FLAGS = {
  ttl: durationFlag({ description: "how long it outlives a holder that is gone, 1s to 24h; by default 30s" }),
  wait: durationFlag({ char: "w", description: "longest wait for it, 0s for none; by default as long as it takes" }),
  permits: Flags.integer({
    helpValue: "N",
    min: 1,
    max: LIMITS.lockPermits,
    description: "how many may hold it at a time; everybody who uses the name says the same",
    default: 1,
  }),
  holder: Flags.string({ helpValue: "TEXT", description: "who holds it, for people; by default host and pid" }),
};

/** Whole numbers below 2⁵³, as tokens are. */
export function readToken(text: string): number {
  if (!/^\d{1,16}$/.test(text)) throw new UsageError(`"${text}" is not a token: it is the number that acquire printed`);
  return Number(text);
}

interface AcquireFlags {
  readonly ttl?: number | undefined;
  readonly wait?: number | undefined;
  readonly permits: number;
  readonly holder?: string | undefined;
}

/** A coordinator that is away from the start is not waited for. @param note tells people of a wait that begins. */
export function acquireOptions(
  { ttl, wait, permits, holder }: AcquireFlags,
  name: string,
  note: (text: string) => void,
): AcquireOptions {
  return {
    permits,
    connectMs: 0,
    ...(ttl === undefined ? {} : { ttlMs: ttl }),
    ...(wait === undefined ? {} : { waitMs: wait }),
    ...(holder === undefined ? {} : { holder }),
    onWait: (lock) => note(`Waiting for ${printable(name)}${heldBy(lock)}.`),
  };
}

function heldBy(lock: Lock | undefined): string {
  const first = lock?.holders[0];
  if (lock === undefined || first === undefined) return "";
  const others = lock.waiting > 1 ? `, with ${lock.waiting} in line` : "";
  return `: held by ${printable(first.holder || first.keyId)}${others}`;
}
