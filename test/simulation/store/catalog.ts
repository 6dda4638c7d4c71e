import type { ApiKeyRow, CatalogStore } from "../../../coordinator/ports/catalog-store.ts";
import type { Disk } from "./disk.ts";

export const SCHEMA_VERSION = 1;

export function catalogOf(disk: Disk): CatalogStore {
  return {
    meta: async () => ({ shards: disk.shards.length, salt: disk.salt, schemaVersion: SCHEMA_VERSION }),
    lanes: async (after = 0) => [...disk.lanes].filter(([lane]) => lane > after).map(([lane, key]) => ({ lane, key })),
    internLanes: async (keys) => keys.map((key) => internLane(disk, key)),
    async forgetLanes(lanes) {
      for (const lane of lanes) disk.lanes.delete(lane);
    },
    queues: async () => [...disk.queues.values()],
    async saveQueue(queue) {
      disk.queues.set(queue.name, { ...queue });
    },
    bulks: async () => [...disk.bulks.values()].sort((a, b) => a.createdAt - b.createdAt),
    async saveBulk(bulk, owner) {
      disk.fence([owner]);
      disk.bulks.set(bulk.id, { ...bulk });
    },
    async deleteBulks(ids) {
      for (const id of ids) disk.bulks.delete(id);
    },
    apiKeys: async () => [...disk.apiKeys.values()],
    authVersion: async () => disk.authVersion,
    async insertApiKey(key) {
      disk.apiKeys.set(key.id, { ...key });
      disk.authVersion++;
    },
    async revokeApiKey(id, at) {
      const key = disk.apiKeys.get(id);
      if (key === undefined) return false;
      if (key.revokedAt === 0) disk.apiKeys.set(id, { ...key, revokedAt: at });
      disk.authVersion++;
      return true;
    },
    async redeemJoinToken(id, made, at) {
      const token = usableKey(disk, id, at);
      if (token === undefined) return false;
      disk.apiKeys.set(id, { ...token, revokedAt: at, usedBy: made.id });
      disk.apiKeys.set(made.id, { ...made });
      disk.authVersion++;
      return true;
    },
    async announceSecret(id, nextHash, at) {
      const key = usableKey(disk, id, at);
      if (key === undefined) return false;
      disk.apiKeys.set(id, { ...key, nextHash });
      disk.authVersion++;
      return true;
    },
    async settleSecret(id, announced, expiresAt, at) {
      const { nextHash, ...key } = usableKey(disk, id, at) ?? {};
      if (nextHash === undefined || Buffer.compare(nextHash, announced) !== 0) return false;
      disk.apiKeys.set(id, { ...(key as ApiKeyRow), hash: nextHash, expiresAt });
      disk.authVersion++;
      return true;
    },
    async forgetJoined(endedBefore) {
      for (const { id, renewMs = 0, revokedAt, expiresAt } of disk.apiKeys.values())
        if (renewMs > 0 && (revokedAt || expiresAt) < endedBefore) {
          disk.apiKeys.delete(id);
          disk.authVersion++;
        }
    },
    async touchApiKeys(used) {
      for (const { id, at } of used) {
        const key = disk.apiKeys.get(id);
        if (key !== undefined) disk.apiKeys.set(id, { ...key, lastUsedAt: Math.max(key.lastUsedAt, at) });
      }
    },
  };
}

function usableKey(disk: Disk, id: string, at: number): ApiKeyRow | undefined {
  const key = disk.apiKeys.get(id);
  return key !== undefined && key.revokedAt === 0 && key.expiresAt > at ? key : undefined;
}

function internLane(disk: Disk, key: string): number {
  for (const [lane, known] of disk.lanes) if (known === key) return lane;
  disk.lanes.set(++disk.lastLane, key);
  return disk.lastLane;
}
