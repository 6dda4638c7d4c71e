import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { commandFor } from "./ledger.ts";
import type { Options } from "./options.ts";
import type { System } from "./system.ts";

/** What was handed over so far. */
export interface Load {
  readonly accepted: Set<string>;
  /** Longest time in ms from a submit to its answer, since it was last set to 0. */
  longestMs: number;
  /** No more than that are handed over until it is raised: there is work left for what comes. */
  ceiling: number;
  /** Resolves when all were accepted. @throws what a submit was refused with. */
  done: Promise<void>;
}

/** Hands commands over at a rate, in turn by the SDK and by REST through either gateway. */
export function startLoad(
  { client, gateways, key }: System,
  { tasks, rate }: Options,
  ledger: string,
  stopping: AbortSignal,
): Load {
  const accepted = new Set<string>();
  const submits: Promise<void>[] = [];
  const submit = async (at: number) => {
    // One in four runs long enough to be there when a process is killed.
    const command = commandFor(ledger, at % 4 === 0 ? 2 : 0.05);
    const task = { name: `command ${at}`, command, retry: { limit: 3 } };
    const began = performance.now();
    const id = at % 2 === 0 ? (await client.submit(task)).id : await post(gateways, key, task, at, stopping);
    load.longestMs = Math.max(load.longestMs, performance.now() - began);
    accepted.add(id);
  };
  const run = async () => {
    const rest = (ms: number) => pause(ms, undefined, { signal: stopping }).catch(() => {});
    for (let at = 0; at < tasks && !stopping.aborted; at++) {
      while (at >= load.ceiling && !stopping.aborted) await rest(50);
      submits.push(submit(at));
      submits.at(-1)?.catch(() => {});
      await rest(1_000 / rate);
    }
    await Promise.all(submits);
  };
  const load: Load = { accepted, longestMs: 0, ceiling: tasks, done: Promise.resolve() };
  load.done = run();
  load.done.catch(() => {});
  return load;
}

/** By REST, from one gateway to the other until it is accepted: the key makes it one task. */
async function post(
  gateways: System["gateways"],
  key: string,
  task: object,
  turn: number,
  stopping: AbortSignal,
): Promise<string> {
  const headers = {
    authorization: `Bearer ${key}`,
    "content-type": "application/json",
    "idempotency-key": randomUUID(),
  };
  for (let tries = 0; ; tries++) {
    const url = `${gateways[(turn + tries) % 2]?.address}/task/submit`;
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(10_000)]);
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(task), signal }).catch(() => null);
    if (answer?.ok) return ((await answer.json()) as { id: string }).id;
    if (stopping.aborted || tries === 30)
      throw new Error(`A command was not accepted by REST: ${await textOf(answer)}`);
    await answer?.body?.cancel();
    await pause(100);
  }
}

async function textOf(answer: Response | null): Promise<string> {
  return answer === null ? "no gateway answers" : answer.text().catch(() => `status ${answer.status}`);
}
