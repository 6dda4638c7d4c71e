import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { openSecret, sealSecret } from "../../coordinator/operations/secrets/envelope.ts";
import { readMasterKeys } from "../../coordinator/operations/secrets/master-keys.ts";
import { createSecretOperations } from "../../coordinator/operations/secrets/secret-operations.ts";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import type { Store } from "../../coordinator/ports/store.ts";
import { LIMITS } from "../../proto/limits.ts";
import { systemClock } from "../../runtime/clock.ts";
import { silentLogger } from "../../runtime/logger.ts";
import { CALLER } from "../support/engine-house.ts";
import { freshSqlite } from "../support/sqlite-database.ts";

const text = (fill: number) => Buffer.alloc(32, fill).toString("base64");
const keys = (...fills: number[]) => readMasterKeys(fills.map(text));

let store: Store;
beforeEach(async () => {
  store = await sqliteStore.open(await freshSqlite(), { readConnections: 1, failpoint: () => {} });
});
afterEach(() => store.close());

const operations = (masters = keys(1)) =>
  createSecretOperations({ catalog: store.catalog, masters, clock: systemClock, logger: silentLogger });
const set = (name: string, value: string, queues: string[] = [], masters = keys(1)) =>
  operations(masters).setSecret(CALLER, { name, value, queues } as never);
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => "done",
    (error: { reason: string }) => error.reason,
  );

test("a value is set, set anew, told of without itself, and deleted", async () => {
  expect((await set("DB", "hunter2-hunter2", ["mail"])).secret).toMatchObject({
    ...{ name: "DB", version: 1, queues: ["mail"], setBy: CALLER.keyId, masterKeyId: keys(1).current?.id },
  });
  expect((await set("DB", "hunter3-hunter3")).secret).toMatchObject({ version: 2, queues: [] });
  await set("API", "other-value");
  const { secrets } = await operations().listSecrets(CALLER);
  expect(secrets.map(({ name, version }) => [name, version])).toEqual([
    ["API", 1],
    ["DB", 2],
  ]);
  expect(JSON.stringify(secrets, (_, value) => (typeof value === "bigint" ? String(value) : value))).not.toContain(
    "hunter",
  );
  const [row] = await store.catalog.secretsNamed(["DB"]);
  expect(openSecret(row!, keys(1))).toBe("hunter3-hunter3");
  expect((await operations().deleteSecret(CALLER, { name: "DB" } as never)).secret?.version).toBe(2);
  expect(await refusal(operations().deleteSecret(CALLER, { name: "DB" } as never))).toBe("SECRET_NOT_FOUND");
});

test("at each limit it passes, one beyond it is refused by name", async () => {
  await set("a".repeat(63), "é".repeat(LIMITS.secretBytes / 2), Array(LIMITS.secretQueues).fill("mail"));
  const bad = (name: string, value: string, queues: string[] = []) =>
    set(name, value, queues).then(
      () => [],
      (error: { violations: { field: string }[] }) => error.violations.map(({ field }) => field),
    );
  expect(await bad("a".repeat(64), "value")).toEqual(["name"]);
  expect(await bad("-a", "value")).toEqual(["name"]);
  expect(await bad("A", "")).toEqual(["value"]);
  expect(await bad("A", "x".repeat(LIMITS.secretBytes + 1))).toEqual(["value"]);
  expect(await bad("A", "a\u0000b")).toEqual(["value"]);
  expect(await bad("A", "value", Array(LIMITS.secretQueues + 1).fill("mail"))).toEqual(["queues"]);
  expect(await bad("A", "value", ["No Queue"])).toEqual(["queues[0]"]);
});

test("there are so many secrets and no more; one that is there can still be set anew", async () => {
  const facts = { version: 1, queues: [], setAt: 1, setBy: "k" };
  for (let at = 0; at < LIMITS.secrets; at++)
    await store.catalog.saveSecret(sealSecret({ ...facts, name: `S${at}` }, "value", keys(1).current!));
  expect(await refusal(set("ONE_MORE", "value-value"))).toBe("SECRETS_FULL");
  expect(await refusal(set("S7", "value-value"))).toBe("done");
});

test("without a master key nothing is kept, and the sentence says what to set", async () => {
  await expect(set("DB", "hunter2-hunter2", [], keys())).rejects.toThrow("set TSS_MASTER_KEY to 32 random bytes");
  expect(await refusal(operations(keys()).rotateSecrets(CALLER))).toBe("NO_MASTER_KEY");
});

test("two that set one secret at a time: one of them is told to send again", async () => {
  await set("DB", "hunter2-hunter2");
  const answers = await Promise.all([refusal(set("DB", "value-one")), refusal(set("DB", "value-two"))]);
  expect(answers.sort()).toEqual(["SECRET_CHANGED", "done"]);
});

test("all secrets are put under the first master key; a rotation that was cut off goes on where it stopped", async () => {
  const names = Array.from({ length: 50 }, (_, at) => `S${at}`);
  for (const name of names) await set(name, `value of ${name}`);
  let left = 30;
  const { catalog } = store;
  const cut = {
    ...catalog,
    rewrapSecret: async (...args: Parameters<typeof catalog.rewrapSecret>) => {
      if (left-- <= 0) throw new Error("cut off");
      return catalog.rewrapSecret(...args);
    },
  };
  const context = { masters: keys(2, 1), clock: systemClock, logger: silentLogger };
  await expect(createSecretOperations({ ...context, catalog: cut }).rotateSecrets(CALLER)).rejects.toThrow("cut off");
  // All of them open all the while.
  for (const row of await catalog.secretsNamed(names)) expect(openSecret(row, keys(2, 1))).toBe(`value of ${row.name}`);
  const rotation = await operations(keys(2, 1)).rotateSecrets(CALLER);
  expect(rotation).toMatchObject({ rotated: 20, masterKeyId: keys(2).current?.id });
  for (const row of await catalog.secretsNamed(names)) expect(openSecret(row, keys(2))).toBe(`value of ${row.name}`);
  expect((await operations(keys(2)).rotateSecrets(CALLER)).rotated).toBe(0);
});

test("a rotation without the key of before says which one is missing", async () => {
  await set("DB", "hunter2-hunter2");
  const old = keys(1).current?.id ?? "";
  await expect(operations(keys(2)).rotateSecrets(CALLER)).rejects.toThrow(`does not have its master key ${old}`);
});
