import { create } from "@bufbuild/protobuf";
import { TssError } from "../../proto/errors.ts";
import {
  type CreateApiKeyRequest,
  type CreateApiKeyResponse,
  CreateApiKeyResponseSchema,
  type ListApiKeysResponse,
  ListApiKeysResponseSchema,
  type RevokeApiKeyRequest,
  type RevokeApiKeyResponse,
  RevokeApiKeyResponseSchema,
  Role,
} from "../../proto/gen/tss/v1/operator_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { ClientAuthority } from "../../runtime/tls/client-authority.ts";
import { durationMs } from "../kernel/time.ts";
import type { ApiKeyRow, ApiKeyStore } from "../ports/catalog-store.ts";
import { apiKeyMessage as toMessage } from "./api-key-message.ts";
import { issueApiKey, type KeyIssuer, reachable, requireRoom } from "./issue-api-key.ts";
import { createJoinOperations, type JoinOperations } from "./join-workers.ts";
import { refusalOf } from "./key-refusals.ts";
import type { KeyRing } from "./key-ring.ts";
import type { Caller } from "./operations.ts";

export interface ApiKeyContext extends KeyIssuer {
  readonly catalog: ApiKeyStore;
  /** Learns at once of what is changed here. */
  readonly ring: Pick<KeyRing, "reload" | "find">;
  readonly logger: Logger;
  /** Signs the certificates of agents that join; absent: they bring their own, if they need one. */
  readonly authority?: ClientAuthority | undefined;
}

/** What the ApiKeyService does. The edge has checked that the caller is an admin. */
export interface ApiKeyOperations extends JoinOperations {
  createApiKey(caller: Caller, request: CreateApiKeyRequest): Promise<CreateApiKeyResponse>;
  listApiKeys(caller: Caller): Promise<ListApiKeysResponse>;
  revokeApiKey(caller: Caller, request: RevokeApiKeyRequest): Promise<RevokeApiKeyResponse>;
}

/** The ApiKeyService over a catalog. */
export function createApiKeyOperations(context: ApiKeyContext): ApiKeyOperations {
  const { catalog, clock, ring, logger } = context;
  // The change is durable; when this read fails, the ring's own watch finds it.
  const learn = () => ring.reload().catch(() => {});
  return {
    ...createJoinOperations(context),

    async createApiKey(caller, request) {
      await requireRoom(context);
      const ttlMs = request.ttl === undefined ? undefined : durationMs(request.ttl);
      const { key, row } = await issueApiKey(context, { name: request.name, role: request.role, ttlMs });
      await learn();
      logger.info({ keyId: row.id, role: Role[row.role], by: caller.keyId }, "API key made");
      return create(CreateApiKeyResponseSchema, { apiKey: toMessage(row), secret: key });
    },

    async listApiKeys() {
      const rows = await reachable(() => catalog.apiKeys());
      return create(ListApiKeysResponseSchema, { apiKeys: newestFirst(rows, clock.now()).map(toMessage) });
    },

    async revokeApiKey(caller, request) {
      const rows = await reachable(() => catalog.apiKeys());
      const row = rows.find(({ id }) => id === request.id);
      if (row === undefined)
        throw new TssError("NOT_FOUND", "There is no API key with this id: `tss key list` shows the ids.", {
          reason: "API_KEY_NOT_FOUND",
        });
      if (row.revokedAt > 0) return create(RevokeApiKeyResponseSchema, { apiKey: toMessage(row) });
      const admins = usable(rows, clock.now()).filter(({ role }) => role === Role.ADMIN);
      if (admins.length === 1 && admins[0]?.id === row.id)
        throw new TssError(
          "FAILED_PRECONDITION",
          `The key ${row.id} is the only admin key left and without it nobody could make another: create a new admin key first.`,
          { reason: "LAST_ADMIN_KEY" },
        );
      const revokedAt = clock.now();
      await reachable(() => catalog.revokeApiKey(row.id, revokedAt));
      await learn();
      logger.info({ keyId: row.id, by: caller.keyId }, "API key revoked");
      return create(RevokeApiKeyResponseSchema, { apiKey: toMessage({ ...row, revokedAt }) });
    },
  };
}

function usable(rows: readonly ApiKeyRow[], now: number): readonly ApiKeyRow[] {
  return rows.filter((row) => refusalOf(row, now) === undefined);
}

/** Usable keys first, each part newest first, as many as surely fit into one message. */
function newestFirst(rows: readonly ApiKeyRow[], now: number): readonly ApiKeyRow[] {
  const ended = (row: ApiKeyRow): number => (refusalOf(row, now) === undefined ? 0 : 1);
  let room = LIMITS.messageBytes - 1024;
  return [...rows]
    .sort((a, b) => ended(a) - ended(b) || b.createdAt - a.createdAt)
    .filter((row) => {
      room -= 128 + Buffer.byteLength(row.name);
      return room > 0;
    });
}
