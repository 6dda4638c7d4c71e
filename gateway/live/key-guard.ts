import { TssError } from "../../proto/errors.ts";
import { StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import type { Connection } from "../../sdk/typescript/connection-types.ts";

/** A revoked key is noticed within this time; the coordinator answers from memory. */
const CHECK_MS = 1_000;

/** Looks after the keys of open live streams: one question a second for each key, whatever number of browsers use it. */
export class KeyGuard {
  readonly #connection: Connection;
  readonly #watched = new Map<string, { readonly refusals: Set<() => void>; readonly timer: NodeJS.Timeout }>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @param refused called once when the key is good no longer. @returns ends the watch. */
  watch(authorization: string, refused: () => void): () => void {
    let entry = this.#watched.get(authorization);
    if (entry === undefined) {
      const timer = setInterval(() => void this.check(authorization), CHECK_MS);
      entry = { refusals: new Set(), timer };
      this.#watched.set(authorization, entry);
    }
    const { refusals } = entry;
    refusals.add(refused);
    return () => {
      refusals.delete(refused);
      if (refusals.size === 0) this.#forget(authorization);
    };
  }

  /** @throws TssError UNAUTHENTICATED, PERMISSION_DENIED when the key cannot look at anything. */
  async prove(authorization: string): Promise<void> {
    await this.#connection.service(StatsService).getServerInfo({}, { headers: { authorization }, timeoutMs: 5_000 });
  }

  async check(authorization: string): Promise<void> {
    try {
      await this.prove(authorization);
    } catch (error) {
      if (!(error instanceof TssError) || !["UNAUTHENTICATED", "PERMISSION_DENIED"].includes(error.code)) return;
      const refusals = [...(this.#watched.get(authorization)?.refusals ?? [])];
      this.#forget(authorization);
      for (const refused of refusals) refused();
    }
  }

  #forget(authorization: string): void {
    clearInterval(this.#watched.get(authorization)?.timer);
    this.#watched.delete(authorization);
  }
}
