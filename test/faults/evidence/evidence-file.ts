import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Evidence } from "./types.ts";

const NAME = "evidence.json";

/** Keeps what the witnesses said, so that it can be looked at again without the run. */
export function keepEvidence(folder: string, evidence: Evidence): void {
  writeFileSync(join(folder, NAME), JSON.stringify(evidence));
}

/** @throws Error when there is none in the folder. */
export function readEvidence(folder: string): Evidence {
  // JSON has no infinity: a time that never came is null.
  const revive = (key: string, value: unknown) =>
    value === null && (key === "ended" || key === "to") ? Number.POSITIVE_INFINITY : value;
  return JSON.parse(readFileSync(join(folder, NAME), "utf8"), revive) as Evidence;
}
