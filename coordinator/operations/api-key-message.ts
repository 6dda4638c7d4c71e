import { create } from "@bufbuild/protobuf";
import { type ApiKey, ApiKeySchema, Role } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { toTimestamp } from "../kernel/time.ts";
import type { ApiKeyRow } from "../ports/catalog-store.ts";

/** A key or a join token as lists show it. */
export function apiKeyMessage(row: ApiKeyRow): ApiKey {
  return create(ApiKeySchema, {
    id: row.id,
    name: row.name,
    role: row.role,
    createdAt: toTimestamp(row.createdAt),
    expiresAt: toTimestamp(row.expiresAt),
    revokedAt: toTimestamp(row.revokedAt),
    lastUsedAt: toTimestamp(row.lastUsedAt),
    usedBy: row.usedBy ?? "",
    renews: row.renewMs !== undefined && row.role !== Role.JOIN,
  });
}
