/** Resolves when `holds` is true, looked at every 20 ms. @throws Error naming `what` when `boundMs` have passed. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, boundMs = 15_000): Promise<void> {
  const deadline = performance.now() + boundMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${boundMs} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
