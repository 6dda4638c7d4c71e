import { randomBytes } from "node:crypto";
import type { SecretFacts, SecretRow } from "../../ports/secret-store.ts";
import type { MasterKey, MasterKeys } from "./master-keys.ts";
import { open, seal } from "./seal.ts";
import { SECRET_REFUSALS } from "./secret-refusals.ts";

const KEY_BYTES = 32;

/** Each version of a secret has a key of its own, used for this one message and wrapped with the master key. */
export function sealSecret(facts: Omit<SecretFacts, "masterKeyId">, value: string, master: MasterKey): SecretRow {
  const { name, version } = facts;
  const key = randomBytes(KEY_BYTES);
  return {
    ...facts,
    masterKeyId: master.id,
    wrapped: seal(master.key, key, { name, version, part: "key" }),
    sealed: seal(key, Buffer.from(value), { name, version, part: "value" }),
  };
}

/** @throws TssError FAILED_PRECONDITION: its master key is not here; or what is stored was changed. */
export function openSecret(row: SecretRow, masters: MasterKeys): string {
  const { name, version, sealed } = row;
  const value = open(unwrap(row, masters), sealed, { name, version, part: "value" });
  if (value === undefined) throw SECRET_REFUSALS.damaged(row);
  return value.toString("utf8");
}

/** The same secret, its key wrapped with another master key; its value stays sealed. @throws as `openSecret`. */
export function rewrap(row: SecretRow, masters: MasterKeys, master: MasterKey): SecretRow {
  const { name, version } = row;
  const wrapped = seal(master.key, unwrap(row, masters), { name, version, part: "key" });
  return { ...row, masterKeyId: master.id, wrapped };
}

function unwrap(row: SecretRow, masters: MasterKeys): Uint8Array {
  const { name, version, masterKeyId, wrapped } = row;
  const master = masters.find(masterKeyId);
  if (master === undefined) throw SECRET_REFUSALS.otherMasterKey(row);
  const key = open(master.key, wrapped, { name, version, part: "key" });
  if (key === undefined) throw SECRET_REFUSALS.damaged(row);
  return key;
}
