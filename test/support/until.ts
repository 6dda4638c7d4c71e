/**
 * Resolves when `holds` is true, looked at every 20 ms. The bound is a net for what never comes, not a promise: a machine
 * with more to do than it can takes many times as long as one at rest.
 * @throws Error naming `what` when `boundMs` have passed.
 */
export async function until(what: string, holds: () => boolean | Promise<boolean>, boundMs = 45_000): Promise<void> {
  const deadline = performance.now() + boundMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${boundMs} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
