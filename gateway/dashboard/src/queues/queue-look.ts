import type { QueueJson } from "../../../../proto/gen/tss/v1/operator_service_pb.js";
import type { QueueStatsJson } from "../../../../proto/gen/tss/v1/stats_pb.js";
import type { StateLook } from "../tasks/state-words.ts";
import { readSeconds } from "../time/format.ts";
import { readNumber } from "../ui/number.ts";

/** Share of failed tasks from which a queue counts as failing; the rules of the server use the same. */
const FAILING = 0.2;

/** Ready for so long while nothing of the queue runs: no worker can take it, whatever there is of them. */
const STUCK_MS = 10_000;

/** How a queue stands in a word: what needs a person first. */
export function queueLook({ paused, stats = {} }: Pick<QueueJson, "paused" | "stats">): StateLook {
  const ready = readNumber(stats.states?.ready);
  const busy = readNumber(stats.states?.running) > 0;
  if (paused) return { word: "paused", meaning: "attention", glyph: "pause" };
  if (ready > 0 && readNumber(stats.workers) === 0) return { word: "no worker", meaning: "bad", glyph: "cross" };
  if (readNumber(stats.failureRatio) >= FAILING) return { word: "failing", meaning: "bad", glyph: "alert" };
  if (readNumber(stats.states?.throttled) > 0) return { word: "at its limit", meaning: "attention", glyph: "ban" };
  if (ready > 0 && !busy && (readSeconds(stats.oldestReadyAge) ?? 0) >= STUCK_MS)
    return { word: "stuck", meaning: "bad", glyph: "triangle" };
  if (ready === 0 && !busy && readNumber(stats.states?.blocked) > 0)
    return { word: "blocked", meaning: "waiting", glyph: "ban" };
  if (ready > 0 && isGrowing(stats)) return { word: "falling behind", meaning: "attention", glyph: "triangle" };
  if (ready > 0 || busy) return { word: "working", meaning: "active", glyph: "play" };
  return { word: "quiet", meaning: "good", glyph: "check" };
}

/** More comes in than goes out, and it has shown: what waits has done so for a while. */
function isGrowing({ drain, pressure }: QueueStatsJson): boolean {
  return drain === undefined && readNumber(pressure) > 1.05;
}

/** Tasks that neither run nor may be taken now. */
export function heldOf(stats: QueueStatsJson | undefined): number {
  const { scheduled, retrying, paused, blocked, throttled } = stats?.states ?? {};
  return [scheduled, retrying, paused, blocked, throttled].reduce<number>((sum, one) => sum + readNumber(one), 0);
}
