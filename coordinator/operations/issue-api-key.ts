import { randomBytes } from "node:crypto";
import { type FieldViolation, TssError } from "../../proto/errors.ts";
import { Role } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import type { Clock } from "../../runtime/clock.ts";
import { API_KEY_RANDOM_BYTES, hashApiKeySecret, makeApiKey } from "../kernel/api-key.ts";
import type { ApiKeyRow, CatalogStore } from "../ports/catalog-store.ts";
import { StoreUnavailableError } from "../ports/store-errors.ts";

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
  const violations = violationsOf(wanted, ttlMs);
  if (violations.length > 0)
    throw new TssError("INVALID_ARGUMENT", `The key cannot be made: ${violations[0]?.description}`, { violations });
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

/** The admin key of a database that has none yet; undefined when any key was ever made. */
export async function ensureFirstKey(context: KeyIssuer, wanted: Omit<NewKey, "role">): Promise<IssuedKey | undefined> {
  const rows = await reachable(() => context.catalog.apiKeys());
  return rows.length > 0 ? undefined : issueApiKey(context, { ...wanted, role: Role.ADMIN });
}

function violationsOf({ name, role }: NewKey, ttlMs: number): FieldViolation[] {
  const violations: FieldViolation[] = [];
  if ([...name].length > LIMITS.nameCharacters || !isPrintable(name))
    violations.push({ field: "name", description: "name must be 1–200 printable characters." });
  if (role === Role.UNSPECIFIED || Role[role] === undefined)
    violations.push({ field: "role", description: "role must be admin, operator, submitter, viewer or worker." });
  if (!(ttlMs >= 1_000 && ttlMs <= LIMITS.apiKeyTtlMs))
    violations.push({ field: "ttl", description: "ttl must be from 1 s to 366 days." });
  return violations;
}

/** Something to see, and nothing that breaks a line or a log. */
function isPrintable(text: string): boolean {
  return text.trim() !== "" && !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text);
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
