import type { LockHolderJson, LockJson } from "../../../../proto/gen/tss/v1/lock_service_pb.js";
import type { StateLook } from "../tasks/state-words.ts";
import { readStamp } from "../time/format.ts";
import { displayText } from "../ui/display-text.ts";
import { formatCount, plural } from "../ui/format-count.ts";
import { readNumber } from "../ui/number.ts";

/** How a lock stands in a word. */
export function lockLook({ holders = [], waiting }: LockJson): StateLook {
  if (holders.length === 0) return { word: "free", meaning: "good", glyph: "check" };
  if (readNumber(waiting) > 0) return { word: "waited for", meaning: "attention", glyph: "clock" };
  return { word: "held", meaning: "active", glyph: "lock" };
}

/** Everybody who holds it: an answer names some of them. A coordinator of an earlier version does not count them. */
export function heldOf({ holders = [], held }: LockJson): number {
  return Math.max(readNumber(held), holders.length);
}

/** How many permits of a semaphore are in use. */
export function permitsText(lock: LockJson): string {
  return `${formatCount(heldOf(lock))} of ${plural(readNumber(lock.permits), "permit")} in use`;
}

/** The key that the coordinator takes locks of tasks with; no API key has this id. */
const TASK_KEY = "task";

/** The task that somebody who holds a lock is, if it is one: only what the coordinator itself says counts. */
export function taskOf({ holder = "", keyId }: Pick<LockHolderJson, "holder" | "keyId">): string | undefined {
  return keyId === TASK_KEY ? /^task (0[0-9a-z]{25})$/.exec(holder)?.[1] : undefined;
}

/** Who it is, as it put it, or its key. */
export function holderText({ holder = "", keyId = "" }: Pick<LockHolderJson, "holder" | "keyId">): string {
  return displayText(holder || `key ${keyId}`, 200);
}

/** Of several holders: held since the first of them took it. */
export function heldSince(holders: readonly LockHolderJson[]): string | undefined {
  return first(holders.map(({ acquiredAt }) => acquiredAt));
}

/** Of several holders: when the first of them loses it unless it is renewed. */
export function endsFirst(holders: readonly LockHolderJson[]): string | undefined {
  return first(holders.map(({ expiresAt }) => expiresAt));
}

function first(stamps: readonly (string | undefined)[]): string | undefined {
  return stamps.toSorted((a, b) => (readStamp(a) ?? 0) - (readStamp(b) ?? 0))[0];
}
