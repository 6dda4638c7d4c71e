import { TssError } from "../../proto/errors.ts";
import type { ApiKeyRow } from "../ports/catalog-store.ts";

/**
 * Why a call is UNAUTHENTICATED, and the mend. An id that is not known and a secret that is wrong read the same, so that
 * nobody learns which ids exist; expiry and revocation are told only to whom the secret has proven.
 */
export const REFUSALS = {
  missing: () =>
    refusal(
      "API_KEY_MISSING",
      "This call carries no API key: send it as `authorization: Bearer tss_…` (the CLI, the agent and the SDKs take it from TSS_API_KEY).",
    ),
  malformed: () =>
    refusal(
      "API_KEY_MALFORMED",
      "The API key is malformed: a key is tss_, 12 characters, _ and 49 characters, all letters and digits; copy it once more in full.",
    ),
  typo: () =>
    refusal(
      "API_KEY_MALFORMED",
      "The API key has a typo: its last six characters do not fit the others; copy it once more in full.",
    ),
  unknown: () =>
    refusal(
      "API_KEY_UNKNOWN",
      "The API key is not valid here: it was made for another installation, or it is wrong; ask an admin for a new one (`tss key create`).",
    ),
  expired: (key: ApiKeyRow) =>
    refusal("API_KEY_EXPIRED", `The API key ${key.id} expired on ${day(key.expiresAt)}: ${anew(key)}.`),
  revoked: (key: ApiKeyRow) =>
    refusal("API_KEY_REVOKED", `The API key ${key.id} was revoked on ${day(key.revokedAt)}: ${anew(key)}.`),
} as const;

/** How to come by another key of the kind. */
function anew({ renewMs }: ApiKeyRow): string {
  if (renewMs === undefined) return "ask an admin for a new one (`tss key create`)";
  return "ask an admin for a join token (`tss key join`) and enrol this agent again (`tss-agent join`)";
}

/** Why this key may not be used at a time; undefined: it may. */
export function refusalOf(key: ApiKeyRow, now: number): TssError | undefined {
  if (key.revokedAt > 0) return REFUSALS.revoked(key);
  if (key.expiresAt <= now) return REFUSALS.expired(key);
  return undefined;
}

export function refusal(reason: string, sentence: string): TssError {
  return new TssError("UNAUTHENTICATED", sentence, { reason });
}

export function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
