import type { ApiKeyRow, ApiKeyStore } from "../../coordinator/ports/catalog-store.ts";
import { Role } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { hashApiKeySecret, makeApiKey } from "../../runtime/api-key.ts";

/** The key part of a catalog, in memory. `fail` makes every call throw it. */
export class MemoryKeys implements ApiKeyStore {
  rows: ApiKeyRow[] = [];
  touched: { readonly id: string; readonly at: number }[] = [];
  /** What `forgetJoined` was called with. */
  forgotten: number[] = [];
  fail: Error | undefined;
  reads = 0;
  private version = 0;

  async apiKeys(): Promise<readonly ApiKeyRow[]> {
    this.check();
    this.reads++;
    return [...this.rows];
  }
  async authVersion(): Promise<number> {
    this.check();
    return this.version;
  }
  async insertApiKey(row: ApiKeyRow): Promise<void> {
    this.check();
    this.version++;
    this.rows.push(row);
  }
  async revokeApiKey(id: string, at: number): Promise<boolean> {
    this.check();
    this.version++;
    this.rows = this.rows.map((row) => (row.id === id ? { ...row, revokedAt: row.revokedAt || at } : row));
    return this.rows.some((row) => row.id === id);
  }
  async touchApiKeys(used: readonly { readonly id: string; readonly at: number }[]): Promise<void> {
    this.check();
    this.touched.push(...used);
  }
  async redeemJoinToken(id: string, made: ApiKeyRow, at: number): Promise<boolean> {
    const done = this.change(id, at, () => true, { revokedAt: at, usedBy: made.id });
    if (done) this.rows.push(made);
    return done;
  }
  async announceSecret(id: string, nextHash: Uint8Array, at: number): Promise<boolean> {
    return this.change(id, at, () => true, { nextHash });
  }
  async settleSecret(id: string, hash: Uint8Array, expiresAt: number, at: number): Promise<boolean> {
    const isNext = ({ nextHash }: ApiKeyRow) => nextHash !== undefined && Buffer.from(nextHash).equals(hash);
    return this.change(id, at, isNext, { hash, nextHash: undefined, expiresAt });
  }
  async forgetJoined(endedBefore: number): Promise<void> {
    this.check();
    this.forgotten.push(endedBefore);
  }

  private change(id: string, at: number, may: (row: ApiKeyRow) => boolean, fields: object): boolean {
    this.check();
    const found = this.rows.find((row) => row.id === id && row.revokedAt === 0 && row.expiresAt > at && may(row));
    if (found === undefined) return false;
    this.version++;
    this.rows = this.rows.map((row) => (row === found ? { ...row, ...fields } : row));
    return true;
  }

  private check(): void {
    if (this.fail) throw this.fail;
  }
}

let made = 0;

/** A key that differs from every other of the process, with its row. */
export function testKey(role: Role = Role.ADMIN, row: Partial<ApiKeyRow> = {}): { key: string; row: ApiKeyRow } {
  const random = new Uint8Array(41).fill(7);
  new DataView(random.buffer).setUint32(5, ++made);
  new DataView(random.buffer).setUint32(30, made);
  const { key, id, secret } = makeApiKey(random);
  const now = Date.now();
  return {
    key,
    row: {
      id,
      name: `${Role[role]} key`.toLowerCase(),
      role,
      hash: hashApiKeySecret(secret),
      createdAt: now,
      expiresAt: now + 86_400_000,
      revokedAt: 0,
      lastUsedAt: 0,
      ...row,
    },
  };
}
