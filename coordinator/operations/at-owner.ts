import { TssError } from "../../proto/errors.ts";
import type { Routes } from "./peers.ts";

/** A shard that moves is with its next owner well before; how often it is looked for until then. */
export const PATIENCE_MS = 10_000;
export const PAUSE_MS = 50;

const MOVED: ReadonlySet<string> = new Set(["NOT_OWNER", "PEER_GONE"]);

/**
 * Carries a call to the owner of a shard, here or elsewhere, and goes after the shard when it moves meanwhile.
 * @param carry is told the owner's address, null for this coordinator; it must be safe to repeat.
 */
export async function atOwner<T>(
  routes: Routes,
  shard: number,
  carry: (address: string | null) => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await carry(routes.ownerOf(shard));
    } catch (error) {
      if (!hasMoved(error) || performance.now() > deadline) throw error;
      routes.doubt();
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/** Whether a call failed because its shard, or its owner, is not where it was looked for. */
export function hasMoved(error: unknown): boolean {
  return error instanceof TssError && MOVED.has(error.reason);
}
