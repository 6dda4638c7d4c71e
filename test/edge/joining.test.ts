import { create } from "@bufbuild/protobuf";
import { durationFromMs, durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { beforeEach, expect, test } from "@jest/globals";
import { StoreUnavailableError } from "../../coordinator/ports/store-errors.ts";
import { TssError } from "../../proto/errors.ts";
import {
  CreateJoinTokenRequestSchema,
  RevokeApiKeyRequestSchema,
  Role,
} from "../../proto/gen/tss/v1/operator_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { keyText, parseApiKey } from "../../runtime/api-key.ts";
import { makeKeyPair } from "../../runtime/tls/key-pair.ts";
import { admin, coordinator, DAY, drawKey, join, renew, resetScene, scene, tokenOf } from "../support/joining-house.ts";
import { testKey } from "../support/memory-keys.ts";

beforeEach(resetScene);

test("an agent joins with a token and makes its own secret, which nobody else has seen", async () => {
  const at = coordinator();
  const answer = await at.createJoinToken(admin, create(CreateJoinTokenRequestSchema, {}));
  expect(answer.apiKey).toMatchObject({ role: Role.JOIN, name: "join token" });
  expect(timestampMs(answer.apiKey!.expiresAt!)).toBe(scene.now + 15 * 60_000);
  expect(JSON.stringify(scene.catalog.rows)).not.toContain(answer.token.slice(17, 60));
  const agent = drawKey();
  const { apiKey, certificate, validFor } = await join(at, answer.token, agent);
  expect(apiKey).toMatchObject({ id: agent.keyId, name: "build-7", role: Role.WORKER, renews: true });
  expect([certificate, durationMs(validFor!)]).toEqual(["", 7 * DAY]);
  expect(at.ring.verify(agent.key)).toEqual({ keyId: agent.keyId, role: Role.WORKER });
  const { apiKeys } = await at.listApiKeys(admin);
  expect(apiKeys.map(({ name, usedBy }) => [name, usedBy])).toEqual([
    ["build-7", ""],
    ["join token", agent.keyId],
  ]);
});

test("the admin may name the key and say how long it lives", async () => {
  const at = coordinator();
  const token = await tokenOf(at, { name: "rack 4", ttl: durationFromMs(1_000), keyTtl: durationFromMs(90 * DAY) });
  const { apiKey, validFor } = await join(at, token);
  expect([apiKey?.name, durationMs(validFor!)]).toEqual(["rack 4", 90 * DAY]);
});

test.each([
  ["name", { name: "x".repeat(201) }],
  ["ttl", { ttl: durationFromMs(999) }],
  ["ttl", { ttl: durationFromMs(LIMITS.joinTokenTtlMs + 1) }],
  ["key_ttl", { keyTtl: durationFromMs(LIMITS.joinedKeyTtlMinMs - 1) }],
  ["key_ttl", { keyTtl: durationFromMs(LIMITS.joinedKeyTtlMs + 1) }],
])("a token with a bad %s is refused by name", async (field, fields) => {
  await expect(tokenOf(coordinator(), fields)).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    violations: [{ field }],
  });
});

test.each([
  ["key_id", { keyId: "elf letters" }],
  ["secret_hash", { secretHash: new Uint8Array(31) }],
  ["name", { name: "" }],
  ["public_key", { publicKey: new Uint8Array(5) }],
  ["public_key", { publicKey: new Uint8Array(LIMITS.publicKeyBytes + 1) }],
])("a request to join with a bad %s does not use the token up", async (field, fields) => {
  const at = coordinator();
  const token = await tokenOf(at);
  await expect(join(at, token, { ...drawKey(), ...fields })).rejects.toMatchObject({ violations: [{ field }] });
  expect((await join(at, token)).apiKey?.role).toBe(Role.WORKER);
});

test("a token is good once, over several coordinators, and the first says for which key", async () => {
  const [one, two] = [coordinator(), coordinator()];
  const token = await tokenOf(one);
  const agents = Array.from({ length: 6 }, drawKey);
  const answers = await Promise.allSettled(agents.map((agent, n) => join(n % 2 ? one : two, token, agent)));
  const won = answers.findIndex(({ status }) => status === "fulfilled");
  expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  for (const answer of answers)
    if (answer.status === "rejected")
      expect(answer.reason).toMatchObject({
        code: "UNAUTHENTICATED",
        reason: "JOIN_TOKEN_USED",
        message: expect.stringMatching(
          `was used on 2026-01-01 00:00 UTC, for the key ${agents[won]!.keyId}, and is good once: ask an admin for another`,
        ),
      });
  expect(scene.catalog.rows.filter(({ role }) => role === Role.WORKER)).toHaveLength(1);
});

test("an answer that was lost is given again to the same key, and to no other", async () => {
  const at = coordinator();
  const token = await tokenOf(at);
  const agent = drawKey();
  const first = await join(at, token, agent);
  expect((await join(coordinator(), token, agent)).apiKey?.id).toBe(first.apiKey?.id);
  const forged = { ...agent, secretHash: new Uint8Array(32) };
  await expect(join(at, token, forged)).rejects.toMatchObject({ reason: "JOIN_TOKEN_USED" });
  await at.revokeApiKey(admin, create(RevokeApiKeyRequestSchema, { id: agent.keyId }));
  await expect(join(at, token, agent)).rejects.toMatchObject({ reason: "JOIN_TOKEN_USED" });
});

test("a key that is somebody's is not taken over", async () => {
  const at = coordinator();
  const { row } = testKey(Role.ADMIN);
  await scene.catalog.insertApiKey(row);
  const token = await tokenOf(at);
  const taken = { code: "ALREADY_EXISTS", reason: "KEY_ID_TAKEN", message: expect.stringContaining("draw another") };
  await expect(join(at, token, { ...drawKey(), keyId: row.id })).rejects.toMatchObject(taken);
  // The token itself is an id that is taken.
  await expect(join(at, token, { ...drawKey(), keyId: token.split("_")[1]! })).rejects.toMatchObject(taken);
  expect(scene.catalog.rows.find(({ id }) => id === row.id)).toEqual(row);
  expect((await join(at, token)).apiKey?.role).toBe(Role.WORKER);
});

test("expired, revoked, misspelt and foreign tokens, and keys, are told apart where that gives nothing away", async () => {
  const at = coordinator();
  const short = await tokenOf(at, { ttl: durationFromMs(60_000) });
  const gone = await tokenOf(at);
  await at.revokeApiKey(admin, create(RevokeApiKeyRequestSchema, { id: gone.split("_")[1]! }));
  scene.now += 60_000;
  const worker = testKey(Role.WORKER);
  await scene.catalog.insertApiKey(worker.row);
  const refused: Record<string, string> = {
    JOIN_TOKEN_EXPIRED: short,
    JOIN_TOKEN_REVOKED: gone,
    JOIN_TOKEN_MALFORMED: `${short.slice(0, -1)}${short.endsWith("a") ? "b" : "a"}`,
    JOIN_TOKEN_UNKNOWN: testKey(Role.JOIN).key,
    NOT_A_JOIN_TOKEN: worker.key,
  };
  for (const [reason, token] of Object.entries(refused))
    await expect(join(at, token)).rejects.toMatchObject({ code: "UNAUTHENTICATED", reason });
  await expect(join(at, "nonsense")).rejects.toMatchObject({ reason: "JOIN_TOKEN_MALFORMED" });
});

test("a database that is away is said to be away, and no token to be wrong; it does not count as a refusal", async () => {
  const at = coordinator();
  const token = await tokenOf(at);
  scene.catalog.fail = new StoreUnavailableError("away", false);
  for (let n = 0; n <= LIMITS.joinRefusals; n++)
    for (const shown of [token, testKey(Role.JOIN).key])
      await expect(join(at, shown)).rejects.toMatchObject({ code: "UNAVAILABLE", reason: "STORE_UNAVAILABLE" });
  scene.catalog.fail = undefined;
  expect((await join(at, token)).apiKey).toBeDefined();
});

test("after ten tokens in a minute that prove nothing an address waits, and others do not; a good token always passes", async () => {
  const at = coordinator();
  for (let n = 0; n < LIMITS.joinRefusals; n++)
    await expect(join(at, n % 2 ? "nonsense" : testKey().key)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  scene.passed = 20_000;
  for (const bad of ["nonsense", testKey().key])
    await expect(join(at, bad)).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      reason: "JOIN_TOO_OFTEN",
      retryAfterMs: 40_000,
    });
  // Who shares the address with somebody that tries tokens, as behind one router, joins all the same.
  expect((await join(at, await tokenOf(coordinator()))).apiKey).toBeDefined();
  await expect(join(at, "nonsense", drawKey(), "10.0.0.8")).rejects.toMatchObject({ reason: "JOIN_TOKEN_MALFORMED" });
  scene.passed = 60_000;
  await expect(join(at, "nonsense")).rejects.toMatchObject({ reason: "JOIN_TOKEN_MALFORMED" });
});

test("tokens that are tried at once count like those one after the other", async () => {
  const at = coordinator();
  const tries = Array.from({ length: 3 * LIMITS.joinRefusals }, () => join(at, testKey(Role.JOIN).key));
  const ended = await Promise.allSettled(tries);
  const reasons = ended.map((one) => (one.status === "rejected" ? one.reason.reason : "joined"));
  expect(reasons.filter((reason) => reason === "JOIN_TOKEN_UNKNOWN")).toHaveLength(LIMITS.joinRefusals);
  expect(reasons.filter((reason) => reason === "JOIN_TOO_OFTEN")).toHaveLength(2 * LIMITS.joinRefusals);
});

test("a token that was good counts as no refusal, however often it is shown", async () => {
  const at = coordinator();
  const token = await tokenOf(at);
  await join(at, token);
  for (let n = 0; n <= LIMITS.joinRefusals; n++)
    await expect(join(at, token)).rejects.toMatchObject({ reason: "JOIN_TOKEN_USED" });
});

test("a key is renewed in two steps: both secrets are good until the new one is used", async () => {
  const [at, other] = [coordinator(), coordinator()];
  const old = drawKey();
  await join(at, await tokenOf(at), old);
  const secret = drawKey();
  const next = rekeyed(old.keyId, secret.key);
  scene.now += 5 * DAY;
  expect(await renew(at, old.key, secret.secretHash)).toMatchObject({ renewed: false });
  expect(at.ring.verify(old.key).bySecretToBe).toBeUndefined();
  expect(at.ring.verify(next)).toEqual({ keyId: old.keyId, role: Role.WORKER, bySecretToBe: true });
  // Said again, as by an agent that began anew: the last one counts.
  const last = drawKey();
  expect(await renew(at, old.key, last.secretHash)).toMatchObject({ renewed: false });
  expect(() => at.ring.verify(next)).toThrow("not valid here");
  const key = rekeyed(old.keyId, last.key);
  const answer = await renew(at, key, last.secretHash);
  expect([answer.renewed, durationMs(answer.validFor!)]).toEqual([true, 7 * DAY]);
  expect(timestampMs(answer.apiKey!.expiresAt!)).toBe(scene.now + 7 * DAY);
  expect(() => at.ring.verify(old.key)).toThrow("not valid here");
  await other.ring.reload();
  expect(other.ring.verify(key)).toEqual({ keyId: old.keyId, role: Role.WORKER });
  // The answer was lost: the same again, and nothing more.
  scene.now += DAY;
  const again = await renew(other, key, last.secretHash);
  expect([again.renewed, durationMs(again.validFor!)]).toEqual([true, 6 * DAY]);
});

test("a secret that is to be announces no other before it is settled", async () => {
  const at = coordinator();
  const old = drawKey();
  await join(at, await tokenOf(at), old);
  const secret = drawKey();
  await renew(at, old.key, secret.secretHash);
  await expect(renew(at, rekeyed(old.keyId, secret.key), new Uint8Array(32))).rejects.toMatchObject({
    reason: "SECRET_NOT_SETTLED",
  });
});

test("a revoked agent has no way back: not by its key, not by the secret that was to be", async () => {
  const at = coordinator();
  const old = drawKey();
  await join(at, await tokenOf(at), old);
  const secret = drawKey();
  await renew(at, old.key, secret.secretHash);
  await at.revokeApiKey(admin, create(RevokeApiKeyRequestSchema, { id: old.keyId }));
  for (const key of [old.key, rekeyed(old.keyId, secret.key)])
    expect(() => at.ring.verify(key)).toThrow(
      `The API key ${old.keyId} was revoked on 2026-01-01: ask an admin for a join token (\`tss key join\`) and enrol this agent again (\`tss-agent join\`).`,
    );
});

test("a key that was made by hand is not renewed", async () => {
  const at = coordinator();
  const { key, row } = testKey(Role.WORKER);
  await scene.catalog.insertApiKey(row);
  await at.ring.reload();
  await expect(renew(at, key, new Uint8Array(32))).rejects.toMatchObject({ reason: "KEY_NOT_RENEWED" });
});

test("with an authority an agent gets a certificate for its key, at most seven days long", async () => {
  const asked: unknown[] = [];
  const at = coordinator({
    async issue(name, publicKey, lifeMs) {
      asked.push([name, publicKey.length, lifeMs]);
      return { certificate: "PEM", endsAt: scene.now + lifeMs };
    },
  });
  const { publicKey } = makeKeyPair();
  const token = await tokenOf(at, { keyTtl: durationFromMs(90 * DAY) });
  const { certificate, validFor } = await join(at, token, { ...drawKey(), publicKey });
  expect([certificate, durationMs(validFor!)]).toEqual(["PEM", 7 * DAY]);
  expect(asked).toEqual([["build-7", publicKey.length, 7 * DAY]]);
  expect((await join(at, await tokenOf(at))).certificate).toBe("");
});

test("what an agent is given is good until its certificate ends, which is no later than its authority", async () => {
  const at = coordinator({ issue: async () => ({ certificate: "PEM", endsAt: scene.now + DAY }) });
  const { publicKey } = makeKeyPair();
  const agent = drawKey();
  expect(durationMs((await join(at, await tokenOf(at), { ...agent, publicKey })).validFor!)).toBe(DAY);
  expect(durationMs((await join(at, await tokenOf(at))).validFor!)).toBe(7 * DAY);
});

test("a certificate that cannot be made does not use the token up", async () => {
  let broken = true;
  const at = coordinator({
    async issue(_name, _publicKey, lifeMs) {
      if (broken) throw new TssError("FAILED_PRECONDITION", "The authority ended.", { reason: "AUTHORITY_ENDED" });
      return { certificate: "PEM", endsAt: scene.now + lifeMs };
    },
  });
  const { publicKey } = makeKeyPair();
  const token = await tokenOf(at);
  const rows = [...scene.catalog.rows];
  await expect(join(at, token, { ...drawKey(), publicKey })).rejects.toMatchObject({ reason: "AUTHORITY_ENDED" });
  expect(scene.catalog.rows).toEqual(rows);
  broken = false;
  expect((await join(at, token, { ...drawKey(), publicKey })).certificate).toBe("PEM");
});

/** The key of an id with another secret. */
function rekeyed(id: string, from: string): string {
  const reading = parseApiKey(from);
  if (reading.outcome !== "key") throw new Error("no key");
  return keyText(id, reading.key.secret);
}
