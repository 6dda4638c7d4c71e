import { LIMITS } from "../proto/limits.ts";

/** Calls with as many ids as one message takes, one call after the other, and gives each answer with its ids. */
export async function* inBatches<A>(
  ids: readonly string[],
  call: (ids: string[]) => Promise<{ readonly results: readonly A[] }>,
): AsyncGenerator<{ readonly ids: string[]; readonly results: readonly A[] }> {
  for (let from = 0; from < ids.length; from += LIMITS.tasksPerMessage) {
    const some = ids.slice(from, from + LIMITS.tasksPerMessage);
    yield { ids: some, results: (await call(some)).results };
  }
}
