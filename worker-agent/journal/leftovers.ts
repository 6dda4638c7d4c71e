import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { OutcomeReport } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { type AttemptDir, type AttemptRecord, openAttemptDir } from "./attempt-dir.ts";

/** What an agent that is gone left in its directory, one per attempt. */
export type Leftover =
  /** Its outcome was not acknowledged. */
  | { readonly kind: "ended"; readonly dir: AttemptDir; readonly report: OutcomeReport }
  /** It ran, or was about to. */
  | { readonly kind: "running"; readonly dir: AttemptDir; readonly record: AttemptRecord }
  /** It had not begun. */
  | { readonly kind: "unbegun"; readonly dir: AttemptDir };

/** Reads the attempts directory of an agent that has just taken its lock. */
export function readLeftovers(attemptsPath: string): Leftover[] {
  let names: string[];
  try {
    names = readdirSync(attemptsPath);
  } catch {
    return [];
  }
  return names.map((name): Leftover => {
    const dir = openAttemptDir(join(attemptsPath, name));
    const report = dir.readOutcome();
    if (report !== undefined) return { kind: "ended", dir, report };
    const record = dir.readRecord();
    return record === undefined ? { kind: "unbegun", dir } : { kind: "running", dir, record };
  });
}
