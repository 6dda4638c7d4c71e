import { manyText } from "../../kernel/words.ts";
import type { Told } from "../../stats/activity-log.ts";
import type { Caller, SecretOperations } from "../operations.ts";

type Record = (caller: Caller, change: Omit<Told, "kind" | "keyId" | "keyName">) => Promise<void>;

/** Who set, deleted and rotated secrets, by their names. @param who names a caller at the begin of a sentence. */
export function auditSecrets(
  inner: SecretOperations,
  record: Record,
  who: (caller: Caller) => string,
): SecretOperations {
  return {
    ...inner,
    setSecret: async (caller, request) => {
      const answer = await inner.setSecret(caller, request);
      const { name = "", version = 0, queues = [] } = answer.secret ?? {};
      const what =
        version === 1 ? `made the secret ${name}` : `gave the secret ${name} a new value (version ${version})`;
      await record(caller, {
        action: "secret.set",
        subject: `secret/${name}`,
        summary: `${who(caller)} ${what}.`,
        detail: { version: String(version), ...(queues.length === 0 ? {} : { queues: queues.join(" ") }) },
      });
      return answer;
    },
    deleteSecret: async (caller, request) => {
      const answer = await inner.deleteSecret(caller, request);
      const { name } = request;
      const summary = `${who(caller)} deleted the secret ${name}.`;
      await record(caller, { action: "secret.delete", subject: `secret/${name}`, summary });
      return answer;
    },
    rotateSecrets: async (caller) => {
      const answer = await inner.rotateSecrets(caller);
      const { rotated, masterKeyId } = answer;
      await record(caller, {
        action: "secret.rotate",
        subject: "system",
        summary: `${who(caller)} put ${manyText(rotated, "secret")} under the master key ${masterKeyId}.`,
        detail: { rotated: String(rotated), masterKeyId },
      });
      return answer;
    },
  };
}
