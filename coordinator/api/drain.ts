import { TssError } from "../../proto/errors.ts";
import type { CallContext } from "./call-context.ts";
import type { Edge } from "./edge.ts";

/** Ends what can go on elsewhere, then waits for the rest; what is left after `timeoutMs` is ended too. */
export async function drainCalls({ calls, limits }: Pick<Edge, "calls" | "limits">, timeoutMs: number): Promise<void> {
  // What was said in this turn (health to its watchers, drain to workers) leaves first.
  await new Promise(setImmediate);
  for (const call of [...calls]) if (call.patience === "leave") end(call);
  if (await ended(calls, timeoutMs)) return;
  for (const call of [...calls]) end(call);
  await ended(calls, Math.min(limits.lingerMs, 1_000));
}

function end(call: CallContext): void {
  const error = new TssError("UNAVAILABLE", "This coordinator is shutting down: call again, there or elsewhere.", {
    reason: "SHUTTING_DOWN",
    retryAfterMs: 1_000,
  });
  if (call.shutdown) call.shutdown(error);
  else call.fail(error);
}

/** Whether every call was over before `timeoutMs` passed. */
async function ended(calls: ReadonlySet<CallContext>, timeoutMs: number): Promise<boolean> {
  const over = [...calls].map(
    (call) => new Promise((resolve) => call.signal.addEventListener("abort", resolve, { once: true })),
  );
  if (over.length === 0) return true;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const result = await Promise.race([Promise.all(over).then(() => true), late]);
  clearTimeout(timer);
  return result;
}
