import { randomBytes } from "node:crypto";
import { TssError } from "../../proto/errors.ts";
import { Role } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { API_KEY_RANDOM_BYTES, hashApiKeySecret, makeApiKey } from "../../runtime/api-key.ts";
import type { Clock } from "../../runtime/clock.ts";
import { Violations } from "../kernel/violations.ts";
import type { ApiKeyRow, CatalogStore } from "../ports/catalog-store.ts";
import { StoreUnavailableError } from "../ports/store-errors.ts";
import { refusalOf } from "./key-refusals.ts";

export interface KeyIssuer {
  readonly catalog: Pick<CatalogStore, "apiKeys" | "insertApiKey">;
  readonly clock: Clock;
  /** So many bytes of chance; the system's generator unless told otherwise. */
  readonly random?: (bytes: number) => Uint8Array;
}

export interface NewKey {
  readonly name: string;
  readonly role: Role;
  /** 1 s – 366 days; absent: 90 days. */
  readonly ttlMs?: number;
}

export interface IssuedKey {
  /** The key in full; it is kept nowhere. */
  readonly key: string;
  readonly row: ApiKeyRow;
}

/** Makes a key and keeps its hash. @throws TssError INVALID_ARGUMENT, or UNAVAILABLE without the database. */
export async function issueApiKey(context: KeyIssuer, wanted: NewKey): Promise<IssuedKey> {
  const ttlMs = wanted.ttlMs ?? LIMITS.apiKeyTtlDefaultMs;
  check(wanted, ttlMs);
  const made = makeApiKey((context.random ?? randomBytes)(API_KEY_RANDOM_BYTES));
  const now = context.clock.now();
  const row: ApiKeyRow = {
    id: made.id,
    name: wanted.name,
    role: wanted.role,
    hash: hashApiKeySecret(made.secret),
    createdAt: now,
    expiresAt: now + ttlMs,
    revokedAt: 0,
    lastUsedAt: 0,
  };
  await reachable(() => context.catalog.insertApiKey(row));
  return { key: made.key, row };
}

/** @throws TssError RESOURCE_EXHAUSTED when there are as many usable keys as there may be. */
export async function requireRoom({ catalog, clock }: KeyIssuer): Promise<void> {
  const rows = await reachable(() => catalog.apiKeys());
  const now = clock.now();
  if (rows.filter((row) => refusalOf(row, now) === undefined).length < LIMITS.apiKeys) return;
  throw new TssError(
    "RESOURCE_EXHAUSTED",
    `There are ${LIMITS.apiKeys} usable API keys already: revoke those that are not needed (\`tss key revoke\`).`,
  );
}

/** The admin key of a database that has none yet; undefined when any key was ever made. */
export async function ensureFirstKey(context: KeyIssuer, wanted: Omit<NewKey, "role">): Promise<IssuedKey | undefined> {
  const rows = await reachable(() => context.catalog.apiKeys());
  return rows.length > 0 ? undefined : issueApiKey(context, { ...wanted, role: Role.ADMIN });
}

function check({ name, role }: NewKey, ttlMs: number): void {
  const found = new Violations();
  found.line("name", name, 1, LIMITS.nameCharacters);
  if (role === Role.UNSPECIFIED || role === Role.JOIN || Role[role] === undefined)
    found.add("role", "must be admin, operator, submitter, viewer or worker");
  found.span("ttl", ttlMs, 1_000, LIMITS.apiKeyTtlMs);
  found.check();
}

/** Runs a call to the catalog. @throws TssError UNAVAILABLE when the database is away. */
export async function reachable<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    throw new TssError("UNAVAILABLE", "The database cannot be reached, so API keys cannot be read or changed now.", {
      reason: "STORE_UNAVAILABLE",
      retryAfterMs: 1_000,
      cause: error,
    });
  }
}
