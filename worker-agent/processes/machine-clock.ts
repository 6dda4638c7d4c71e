/** Milliseconds since the machine was started, by a clock that nobody sets: the same for all its processes. */
export function sinceBoot(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
