import type { Queue } from "../proto/gen/tss/v1/operator_service_pb.js";
import { printable } from "./render/printable.ts";

/** A queue is there from the first word about it; one that never had a task may be a misspelt one. */
export function isUnused({ counts }: Queue): boolean {
  if (counts === undefined) return false;
  const { waiting, running, succeeded, failed, cancelled } = counts;
  return waiting + running + succeeded + failed + cancelled === 0n;
}

export function unusedRemark({ name }: Queue): string {
  return `No task has been in ${printable(name)} yet; if that is not the name you meant, "tss queue list" shows the others.`;
}
