import { TssError } from "../../../proto/errors.ts";
import { LIMITS } from "../../../proto/limits.ts";
import type { SecretFacts } from "../../ports/secret-store.ts";

const noMasterKey = (what: string) =>
  new TssError(
    "FAILED_PRECONDITION",
    `${what} the coordinator has no master key: set TSS_MASTER_KEY to 32 random bytes in base64 (\`head -c 32 /dev/urandom | base64\`), or to file:PATH, and start it again.`,
    { reason: "NO_MASTER_KEY" },
  );

/** Why something cannot be done with a secret, and the mend. No sentence holds a value. */
export const SECRET_REFUSALS = {
  noMasterKey: () => noMasterKey("Secrets cannot be kept because"),
  notFound: (name: string) =>
    new TssError("NOT_FOUND", `There is no secret ${name}: \`tss secret list\` shows the names.`, {
      reason: "SECRET_NOT_FOUND",
    }),
  full: () =>
    new TssError(
      "RESOURCE_EXHAUSTED",
      `There are ${LIMITS.secrets} secrets already: remove those that are not needed (\`tss secret rm\`).`,
      { reason: "SECRETS_FULL" },
    ),
  changed: (name: string) =>
    new TssError("ABORTED", `The secret ${name} was changed by another call at the same time: send this one again.`, {
      reason: "SECRET_CHANGED",
      retryAfterMs: 100,
    }),
  missing: (name: string) =>
    new TssError(
      "FAILED_PRECONDITION",
      `The secret ${name} that the task needs does not exist: set it (\`tss secret set ${name}\`), or leave it out.`,
      { reason: "SECRET_MISSING" },
    ),
  otherQueue: ({ name, queues }: SecretFacts, queue: string) =>
    new TssError(
      "FAILED_PRECONDITION",
      `The secret ${name} is only for tasks of ${queues.length === 1 ? "queue" : "the queues"} ${queues.join(", ")}, not for those of ${queue}.`,
      { reason: "SECRET_OTHER_QUEUE" },
    ),
  tooLarge: () =>
    new TssError(
      "FAILED_PRECONDITION",
      `The secrets of the task have more than ${LIMITS.secretBytes} bytes together: give it fewer of them.`,
      { reason: "SECRETS_TOO_LARGE" },
    ),
  otherMasterKey: ({ name, masterKeyId }: SecretFacts) =>
    new TssError(
      "FAILED_PRECONDITION",
      `The secret ${name} cannot be opened because the coordinator does not have its master key ${masterKeyId}: put that one into TSS_MASTER_KEY, behind the first, and start it again; if it is lost, set the secret anew (\`tss secret set ${name}\`).`,
      { reason: "OTHER_MASTER_KEY" },
    ),
  damaged: ({ name }: SecretFacts) =>
    new TssError(
      "FAILED_PRECONDITION",
      `The secret ${name} cannot be opened because what is stored of it was changed: set it anew (\`tss secret set ${name}\`), and find out who can write to the database.`,
      { reason: "SECRET_DAMAGED" },
    ),
} as const;
