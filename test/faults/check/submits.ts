import type { SubmitCall } from "../evidence/types.ts";
import { callsOf, type Facts, isOver } from "./facts.ts";

/** Rules about what was submitted. Each gives a sentence for every breach. */

/** No lost submit. */
export function* lost({ submits, byId }: Facts): Generator<string> {
  for (const { answer = [], call } of submits)
    for (const { id } of answer)
      if (id !== undefined && !byId.has(id)) yield `task ${id}, acknowledged by call ${call}, is not there`;
}

/** No invented task. */
export function* invented({ submits, final }: Facts): Generator<string> {
  const possible = new Set<string>();
  for (const { outcome, tasks, answer } of submits)
    for (const [index, { name }] of tasks.entries())
      if (outcome === "info" || answer?.[index]?.id !== undefined) possible.add(name);
  for (const { id, name } of final) if (!possible.has(name)) yield `task ${id} (${name}) was submitted by nobody`;
}

/** One key, or one request id, makes one task. */
export function* repeated({ submits, final }: Facts): Generator<string> {
  const ids = new Map<string, string>();
  const names = new Map<string, string>();
  for (const { tasks, answer = [], requestId, call } of submits) {
    for (const [index, task] of tasks.entries()) {
      const { id, code } = answer[index] ?? {};
      const first = task.key === undefined ? undefined : names.get(task.key);
      if (task.key !== undefined && first === undefined && id !== undefined) names.set(task.key, task.name);
      if (first !== undefined && first !== task.name) {
        if (id !== undefined) yield `key ${task.key} was accepted by call ${call} for another body`;
        continue;
      }
      if (id === undefined) {
        if (code === "ALREADY_EXISTS" && first === task.name)
          yield `key ${task.key} was refused its own body by call ${call}`;
        continue;
      }
      const gate = task.key ?? `${requestId}/${task.name}`;
      const before = ids.get(gate);
      if (before !== undefined && before !== id) yield `${gate} gave ${before}, and ${id} by call ${call}`;
      ids.set(gate, id);
    }
  }
  for (const [name, tasks] of Map.groupBy(final, (task) => task.name))
    if (tasks.length > 1) yield `${name} was made ${tasks.length} times: ${tasks.map(({ id }) => id).join(", ")}`;
}

/** What was in doubt is answered when it is asked again. */
export function* unresolved({ submits }: Facts): Generator<string> {
  for (const [requestId, calls] of Map.groupBy(submits, (call) => call.requestId))
    if (calls.every(({ outcome }) => outcome === "info"))
      yield `${requestId} was asked ${calls.length} times and its outcome is still unknown (${calls.at(-1)?.code ?? "no answer"})`;
}

/** A read that began after an acknowledgement shows at least as much, whichever coordinator is asked. */
export function* staleReads({ calls, submits }: Facts): Generator<string> {
  const known = new Map<string, number>();
  for (const { answer = [], ended } of submits)
    for (const { id } of answer) if (id !== undefined) known.set(id, Math.min(ended, known.get(id) ?? ended));
  const cancels = Map.groupBy(
    callsOf(calls, "cancel").filter(({ outcome }) => outcome === "ok"),
    ({ id }) => id,
  );
  for (const { id, began, answer, code, via, call } of callsOf(calls, "get")) {
    if (code === "NOT_FOUND" && began > (known.get(id) ?? Number.POSITIVE_INFINITY))
      yield `task ${id} had been acknowledged, and call ${call} did not find it at ${via}`;
    if (answer === undefined) continue;
    for (const cancel of cancels.get(id) ?? []) {
      if (began <= cancel.ended) continue;
      const kept = isOver(answer.status) || answer.reason === "cancelling" || answer.reason === "disconnected";
      if (!kept)
        yield `task ${id} had been cancelled, and call ${call} found it ${answer.status} (${answer.reason}) at ${via}`;
    }
  }
}

/** A message without keys is there as a whole or not at all. */
export function* torn({ submits, final }: Facts): Generator<string> {
  const names = new Set(final.map(({ name }) => name));
  const whole = submits.filter(({ tasks }) => tasks.every(({ key }) => key === undefined));
  for (const [requestId, calls] of Map.groupBy(whole, (call) => call.requestId)) {
    const { tasks } = calls[0] as SubmitCall;
    const there = tasks.filter(({ name }) => names.has(name)).length;
    if (there !== 0 && there !== tasks.length)
      yield `of message ${requestId} there are ${there} of ${tasks.length} tasks`;
  }
}
