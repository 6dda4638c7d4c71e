import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { beforeEach, expect, test } from "@jest/globals";
import { createApiKeyOperations } from "../../coordinator/operations/api-keys.ts";
import { ensureFirstKey, issueApiKey } from "../../coordinator/operations/issue-api-key.ts";
import { KeyRing } from "../../coordinator/operations/key-ring.ts";
import { StoreUnavailableError } from "../../coordinator/ports/store-errors.ts";
import {
  CreateApiKeyRequestSchema,
  RevokeApiKeyRequestSchema,
  Role,
} from "../../proto/gen/tss/v1/operator_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { silentLogger } from "../../runtime/logger.ts";
import { MemoryKeys, testKey } from "../support/memory-keys.ts";

const NOW = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;
const clock = { now: () => NOW, monotonic: () => 0 };
const admin = { keyId: "admin", role: Role.ADMIN };
let catalog: MemoryKeys;
let ring: KeyRing;

beforeEach(() => {
  catalog = new MemoryKeys();
  ring = new KeyRing({ catalog, clock, logger: silentLogger });
});

const operations = () => createApiKeyOperations({ catalog, ring, clock, logger: silentLogger });
const wanted = (name: string, role: Role, ttlMs?: number) =>
  create(CreateApiKeyRequestSchema, { name, role, ...(ttlMs === undefined ? {} : { ttl: durationFromMs(ttlMs) }) });

test("a key that was made works at once and lives 90 days", async () => {
  const { apiKey, secret } = await operations().createApiKey(admin, wanted("ci", Role.SUBMITTER));
  expect(ring.verify(secret)).toEqual({ keyId: apiKey?.id, role: Role.SUBMITTER });
  expect(timestampMs(apiKey!.expiresAt!)).toBe(NOW + 90 * DAY);
  expect(JSON.stringify(catalog.rows)).not.toContain(secret.slice(17, 60));
});

test.each([
  ["name", wanted("", Role.VIEWER)],
  ["name", wanted("x".repeat(201), Role.VIEWER)],
  ["name", wanted("a\u0000b", Role.VIEWER)],
  ["name", wanted("two\nlines", Role.VIEWER)],
  ["role", wanted("a", Role.UNSPECIFIED)],
  ["role", wanted("a", 77 as Role)],
  ["ttl", wanted("a", Role.VIEWER, 999)],
  ["ttl", wanted("a", Role.VIEWER, 366 * DAY + 1)],
  ["ttl", wanted("a", Role.VIEWER, -1)],
])("a request with a bad %s is refused by name", async (field, request) => {
  await expect(operations().createApiKey(admin, request)).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    violations: [{ field }],
  });
  expect(catalog.rows).toEqual([]);
});

test("limits are reached, not passed", async () => {
  await operations().createApiKey(admin, wanted("😀".repeat(200), Role.WORKER, 366 * DAY));
  await operations().createApiKey(admin, wanted("x", Role.WORKER, 1_000));
  catalog.rows = Array.from({ length: LIMITS.apiKeys - 1 }, () => testKey(Role.WORKER, { expiresAt: NOW + 1 }).row);
  await operations().createApiKey(admin, wanted("the last", Role.ADMIN));
  await expect(operations().createApiKey(admin, wanted("one more", Role.ADMIN))).rejects.toMatchObject({
    code: "RESOURCE_EXHAUSTED",
  });
});

test("the list has usable keys first and fits into one message", async () => {
  const old = testKey(Role.VIEWER, { revokedAt: NOW, createdAt: NOW });
  const young = testKey(Role.VIEWER, { createdAt: NOW - 5, expiresAt: NOW + 1 });
  catalog.rows = [old.row, young.row];
  const { apiKeys } = await operations().listApiKeys(admin);
  expect(apiKeys.map(({ id }) => id)).toEqual([young.row.id, old.row.id]);
  expect(apiKeys[1]?.revokedAt).toBeDefined();
  catalog.rows = Array.from({ length: 9_000 }, () => testKey(Role.VIEWER, { name: "😀".repeat(200) }).row);
  expect((await operations().listApiKeys(admin)).apiKeys.length).toBeLessThan(LIMITS.messageBytes / 900);
});

test("a revoked key stops working at once; its time stays when it is revoked again", async () => {
  const first = await issueApiKey({ catalog, clock }, { name: "first", role: Role.ADMIN });
  const { key, row } = await issueApiKey({ catalog, clock }, { name: "old", role: Role.ADMIN });
  await ring.reload();
  const request = create(RevokeApiKeyRequestSchema, { id: row.id });
  expect(timestampMs((await operations().revokeApiKey(admin, request)).apiKey!.revokedAt!)).toBe(NOW);
  expect(() => ring.verify(key)).toThrow("was revoked on 2026-01-01");
  expect((await operations().revokeApiKey(admin, request)).apiKey?.id).toBe(row.id);
  const last = create(RevokeApiKeyRequestSchema, { id: first.row.id });
  await expect(operations().revokeApiKey(admin, last)).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    reason: "LAST_ADMIN_KEY",
  });
});

test("revoking an id that is not there is NOT_FOUND", async () => {
  const request = create(RevokeApiKeyRequestSchema, { id: "nobody" });
  await expect(operations().revokeApiKey(admin, request)).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("the first key of an empty database is an admin's, and there is no second", async () => {
  const made = await ensureFirstKey({ catalog, clock }, { name: "first key" });
  expect(made?.row.role).toBe(Role.ADMIN);
  expect(await ensureFirstKey({ catalog, clock }, { name: "first key" })).toBeUndefined();
});

test("a database that is away is UNAVAILABLE with a pause", async () => {
  catalog.fail = new StoreUnavailableError("postgres://user:password@host is away", false);
  await expect(operations().listApiKeys(admin)).rejects.toMatchObject({ code: "UNAVAILABLE", retryAfterMs: 1_000 });
  await expect(operations().listApiKeys(admin)).rejects.toThrow(/^(?!.*password)/);
});
