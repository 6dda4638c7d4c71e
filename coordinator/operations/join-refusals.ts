import { TssError } from "../../proto/errors.ts";
import { malformedJoinToken } from "../../runtime/api-key.ts";
import { minuteText } from "../../runtime/tls/certificate.ts";
import type { ApiKeyRow } from "../ports/catalog-store.ts";
import { day, refusal } from "./key-refusals.ts";

const ANEW = "ask an admin for another (`tss key join`)";

/** Why a join token is not taken, and the mend. What is not known and what is wrong read the same. */
export const JOIN_REFUSALS = {
  malformed: malformedJoinToken,
  unknown: () =>
    refusal(
      "JOIN_TOKEN_UNKNOWN",
      `The join token is not valid here: it was made for another installation, or it is wrong; ${ANEW}.`,
    ),
  key: () =>
    refusal(
      "NOT_A_JOIN_TOKEN",
      "This is an API key and no join token: set it as TSS_API_KEY and start the agent, or make a token (`tss key join`).",
    ),
  used: ({ id, usedBy, revokedAt }: ApiKeyRow) =>
    refusal(
      "JOIN_TOKEN_USED",
      `The join token ${id} was used on ${minuteText(new Date(revokedAt))}, for the key ${usedBy}, and is good once: ${ANEW}; if it was not you, revoke that key (\`tss key revoke\`).`,
    ),
  revoked: ({ id, revokedAt }: ApiKeyRow) =>
    refusal("JOIN_TOKEN_REVOKED", `The join token ${id} was revoked on ${day(revokedAt)}: ${ANEW}.`),
  expired: ({ id, expiresAt }: ApiKeyRow) =>
    refusal("JOIN_TOKEN_EXPIRED", `The join token ${id} expired on ${minuteText(new Date(expiresAt))}: ${ANEW}.`),
  idTaken: () =>
    new TssError(
      "ALREADY_EXISTS",
      "The id that the agent drew for its key is taken: draw another and join again; the token is still good.",
      { reason: "KEY_ID_TAKEN" },
    ),
} as const satisfies Record<string, (row: ApiKeyRow) => TssError>;
