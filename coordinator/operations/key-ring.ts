import { hashApiKeySecret, parseApiKey, sameHash } from "../../runtime/api-key.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { ApiKeyRow, CatalogStore } from "../ports/catalog-store.ts";
import { REFUSALS, refusalOf } from "./key-refusals.ts";
import type { Caller } from "./operations.ts";

type KeyTable = Pick<CatalogStore, "apiKeys" | "authVersion" | "touchApiKeys" | "forgetJoined">;

export interface KeyRingOptions {
  readonly catalog: KeyTable;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Between two looks at `authVersion` and at expiries. Default 500 ms. */
  readonly pollMs?: number;
  /** Between two writes of `lastUsedAt`, and between two looks for what is to be forgotten. Default 60 s. */
  readonly touchMs?: number;
}

/** How long a join token or the key of an agent that joined is still listed after its end: a fleet makes them without number. */
const KEEP_ENDED_MS = 30 * 86_400_000;

/** Stands in for the hash of an id that is not known, so that it costs the same time. */
const NOBODY = new Uint8Array(32);

/**
 * All API keys in memory. A change of any key is seen within `pollMs` on every coordinator; while the database is away,
 * known keys go on until they expire.
 */
export class KeyRing {
  private readonly options: KeyRingOptions;
  private readonly listeners = new Set<() => void>();
  private readonly used = new Map<string, number>();
  private readonly timers: NodeJS.Timeout[] = [];
  private keys: ReadonlyMap<string, ApiKeyRow> = new Map();
  private version = Number.NaN;
  private nextExpiry = Number.POSITIVE_INFINITY;
  private reading: Promise<void> | undefined;
  private away = false;

  constructor(options: KeyRingOptions) {
    this.options = options;
  }

  /** Reads all keys, then keeps watch until `stop`. @throws what the catalog throws when it cannot be read now. */
  async start(): Promise<void> {
    await this.reload();
    const { pollMs = 500, touchMs = 60_000 } = this.options;
    this.timers.push(setInterval(() => this.look(), pollMs).unref());
    this.timers.push(setInterval(() => void this.writeUses().then(() => this.forgetEnded()), touchMs).unref());
  }

  /** Ends the watch and writes the last uses. */
  async stop(): Promise<void> {
    for (const timer of this.timers.splice(0)) clearInterval(timer);
    await this.reading?.catch(() => {});
    await this.writeUses();
    this.listeners.clear();
  }

  /**
   * Who the key proves the caller to be. @param text the key as it was sent; undefined: none was.
   * @throws TssError UNAUTHENTICATED that says which (missing, malformed, unknown, expired, revoked) and the mend.
   */
  verify(text: string | undefined): Caller {
    if (text === undefined || text === "") throw REFUSALS.missing();
    const reading = parseApiKey(text);
    if (reading.outcome !== "key") throw REFUSALS[reading.outcome]();
    const row = this.keys.get(reading.key.id);
    const hash = hashApiKeySecret(reading.key.secret);
    const byHash = sameHash(hash, row?.hash ?? NOBODY);
    const byNext = sameHash(hash, row?.nextHash ?? NOBODY);
    if (row === undefined || !(byHash || byNext)) throw REFUSALS.unknown();
    const now = this.options.clock.now();
    const refusal = refusalOf(row, now);
    if (refusal) throw refusal;
    this.used.set(row.id, now);
    return { keyId: row.id, role: row.role, ...(byNext ? { bySecretToBe: true } : {}) };
  }

  /** A key or token by its id, as far as it is known here; one made elsewhere a moment ago is read. @throws what the catalog throws. */
  async find(id: string): Promise<ApiKeyRow | undefined> {
    if (this.keys.has(id)) return this.keys.get(id);
    // A read that goes on may have begun before the key was made.
    await this.reading;
    this.look();
    await this.reading;
    return this.keys.get(id);
  }

  /** The name that people gave the key; "": no such key is known. */
  nameOf(keyId: string): string {
    return this.keys.get(keyId)?.name ?? "";
  }

  /** Why a key that was good before may not go on; undefined: it may. */
  refusal(keyId: string): Error | undefined {
    const row = this.keys.get(keyId);
    return row === undefined ? REFUSALS.unknown() : refusalOf(row, this.options.clock.now());
  }

  /** Who a key that was proven before is now. @throws TssError UNAUTHENTICATED that says why it may not go on. */
  callerOf(keyId: string): Caller {
    const refusal = this.refusal(keyId);
    if (refusal !== undefined) throw refusal;
    return { keyId, role: this.keys.get(keyId)?.role ?? 0 };
  }

  /** Notes that an open stream of this key is in use. */
  noteUse(keyId: string): void {
    this.used.set(keyId, this.options.clock.now());
  }

  /** Calls back after any key was made, revoked or has expired. @returns the way to end it. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Reads all keys now. @throws what the catalog throws. */
  async reload(): Promise<void> {
    const { catalog } = this.options;
    // The version comes first: a change between the two reads is then seen by the next look.
    const version = await catalog.authVersion();
    const rows = await catalog.apiKeys();
    this.keys = new Map(rows.map((row) => [row.id, row]));
    this.version = version;
    this.findNextExpiry();
    this.tellListeners();
  }

  private look(): void {
    if (this.options.clock.now() >= this.nextExpiry) {
      this.findNextExpiry();
      this.tellListeners();
    }
    // A read that hangs with the database must not pile up; expiries are seen without it.
    this.reading ??= this.readChanges().finally(() => {
      this.reading = undefined;
    });
  }

  private async readChanges(): Promise<void> {
    const { catalog, logger } = this.options;
    try {
      if ((await catalog.authVersion()) !== this.version) await this.reload();
      if (this.away) logger.info({}, "API keys can be read again");
      this.away = false;
    } catch (error) {
      if (!this.away) logger.warn({ error }, "API keys cannot be read: those known go on until they expire");
      this.away = true;
    }
  }

  private async writeUses(): Promise<void> {
    if (this.used.size === 0) return;
    const used = [...this.used].map(([id, at]) => ({ id, at }));
    this.used.clear();
    try {
      await this.options.catalog.touchApiKeys(used);
    } catch {
      // The next beat writes them; a newer use wins.
      for (const { id, at } of used) if (!this.used.has(id)) this.used.set(id, at);
    }
  }

  private async forgetEnded(): Promise<void> {
    const endedBefore = this.options.clock.now() - KEEP_ENDED_MS;
    const isPast = ({ renewMs = 0, revokedAt, expiresAt }: ApiKeyRow) =>
      renewMs > 0 && (revokedAt || expiresAt) < endedBefore;
    if (![...this.keys.values()].some(isPast)) return;
    // What fails is done at the next beat.
    await this.options.catalog.forgetJoined(endedBefore).catch(() => {});
  }

  private findNextExpiry(): void {
    const now = this.options.clock.now();
    this.nextExpiry = Number.POSITIVE_INFINITY;
    for (const { expiresAt, revokedAt } of this.keys.values())
      if (revokedAt === 0 && expiresAt > now) this.nextExpiry = Math.min(this.nextExpiry, expiresAt);
  }

  private tellListeners(): void {
    for (const listener of this.listeners) listener();
  }
}
