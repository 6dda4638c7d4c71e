import { create } from "@bufbuild/protobuf";
import {
  DeleteSecretResponseSchema,
  ListSecretsResponseSchema,
  RotateSecretsResponseSchema,
  type Secret,
  SecretSchema,
  type SetSecretRequest,
  SetSecretResponseSchema,
} from "../../../proto/gen/tss/v1/secret_service_pb.js";
import { LIMITS } from "../../../proto/limits.ts";
import type { Clock } from "../../../runtime/clock.ts";
import type { Logger } from "../../../runtime/logger.ts";
import { reading, taking } from "../../engine/reading.ts";
import { checkQueueName, checkSecretName } from "../../kernel/check-spec.ts";
import { toTimestamp } from "../../kernel/time.ts";
import { Violations } from "../../kernel/violations.ts";
import type { SecretFacts, SecretStore } from "../../ports/secret-store.ts";
import type { SecretOperations } from "../operations.ts";
import { rewrap, sealSecret } from "./envelope.ts";
import type { MasterKeys } from "./master-keys.ts";
import { SECRET_REFUSALS } from "./secret-refusals.ts";

export interface SecretContext {
  readonly catalog: SecretStore;
  readonly masters: MasterKeys;
  readonly clock: Clock;
  readonly logger: Pick<Logger, "info">;
}

/** Secrets read together when their keys are wrapped anew. */
const ROTATED_TOGETHER = 20;

/** The SecretService over a catalog. Values come in and are sealed; none goes out here. */
export function createSecretOperations({ catalog, masters, clock, logger }: SecretContext): SecretOperations {
  return {
    async setSecret({ keyId }, request) {
      checkSet(request);
      const { name, value, queues } = request;
      const master = masters.current;
      if (master === undefined) throw SECRET_REFUSALS.noMasterKey();
      const all = await reading(() => catalog.secrets());
      const before = all.find((secret) => secret.name === name);
      if (before === undefined && all.length >= LIMITS.secrets) throw SECRET_REFUSALS.full();
      const version = (before?.version ?? 0) + 1;
      const row = sealSecret({ name, version, queues, setAt: clock.now(), setBy: keyId }, value, master);
      if (!(await taking(() => catalog.saveSecret(row)))) throw SECRET_REFUSALS.changed(name);
      logger.info({ secret: name, version, by: keyId }, "a secret was set");
      return create(SetSecretResponseSchema, { secret: message(row) });
    },

    async listSecrets() {
      return create(ListSecretsResponseSchema, { secrets: (await reading(() => catalog.secrets())).map(message) });
    },

    async deleteSecret({ keyId }, { name }) {
      const bad = new Violations();
      checkSecretName(bad, "name", name);
      bad.check();
      const found = (await reading(() => catalog.secrets())).find((secret) => secret.name === name);
      if (found === undefined || !(await taking(() => catalog.deleteSecret(name))))
        throw SECRET_REFUSALS.notFound(name);
      logger.info({ secret: name, by: keyId }, "a secret was deleted");
      return create(DeleteSecretResponseSchema, { secret: message(found) });
    },

    async rotateSecrets({ keyId }) {
      const master = masters.current;
      if (master === undefined) throw SECRET_REFUSALS.noMasterKey();
      const due = (await reading(() => catalog.secrets())).filter(({ masterKeyId }) => masterKeyId !== master.id);
      let rotated = 0;
      for (let at = 0; at < due.length; at += ROTATED_TOGETHER) {
        const names = due.slice(at, at + ROTATED_TOGETHER).map(({ name }) => name);
        for (const row of await reading(() => catalog.secretsNamed(names))) {
          if (row.masterKeyId === master.id) continue;
          // Who changed it meanwhile wrapped it with the first key.
          if (await taking(() => catalog.rewrapSecret(rewrap(row, masters, master), row.masterKeyId))) rotated += 1;
        }
      }
      logger.info({ rotated, masterKeyId: master.id, by: keyId }, "the keys of secrets were wrapped anew");
      return create(RotateSecretsResponseSchema, { rotated, masterKeyId: master.id });
    },
  };
}

function message({ name, version, queues, setAt, setBy, masterKeyId }: SecretFacts): Secret {
  return create(SecretSchema, { name, version, queues: [...queues], setAt: toTimestamp(setAt), setBy, masterKeyId });
}

function checkSet({ name, value, queues }: SetSecretRequest): void {
  const found = new Violations();
  checkSecretName(found, "name", name);
  found.text("value", value, LIMITS.secretBytes);
  if (value === "") found.add("value", "must not be empty");
  found.count("queues", queues.length, 0, LIMITS.secretQueues);
  for (const [at, queue] of queues.slice(0, LIMITS.secretQueues).entries())
    checkQueueName(found, `queues[${at}]`, queue);
  found.check();
}
