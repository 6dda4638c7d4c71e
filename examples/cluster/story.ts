import { setTimeout as pause } from "node:timers/promises";
import { longestPause, type Run, readLedger, runTwice, sizeOf } from "./ledger.ts";
import type { Load } from "./load.ts";
import { type Counts, countTasks, heldBy, isConnected, shardsOf } from "./look.ts";
import type { Part, System } from "./system.ts";

/** What came of it. */
export interface Outcome {
  readonly accepted: ReadonlySet<string>;
  readonly counts: Counts;
  readonly runs: readonly Run[];
  /** What the agent that was killed held then. */
  readonly heldByKilled: ReadonlySet<string>;
  readonly recovery: readonly (readonly [what: string, ms: number])[];
}

export interface Stagehand {
  readonly system: System;
  readonly load: Load;
  readonly tasks: number;
  readonly ledger: string;
  readonly say: (text: string) => void;
  readonly stopping: AbortSignal;
}

const LOOK_MS = 50;
/** A system that has not recovered by then does not. */
const PATIENCE_MS = 120_000;

/** Kills a coordinator and an agent while commands are handed over and run, starts them again, and waits for the end. */
export async function playStory(hand: Stagehand): Promise<Outcome> {
  const { system, load, tasks, ledger, say } = hand;
  const recovery: [string, number][] = [];
  const [first, second] = system.coordinators;
  const reached = (share: number) =>
    until(hand, "commands to be accepted", async () => load.accepted.size >= tasks * share);

  load.ceiling = Math.floor(tasks * 0.6);
  await reached(0.25);
  say(`${first.name} is killed (SIGKILL) with ${state(hand)}`);
  load.longestMs = 0;
  let killedAt = Date.now();
  first.program.kill("SIGKILL");
  await first.program.ended;
  await until(hand, "the other to own every shard", async () => {
    const { owned, all } = await shardsOf(system, second);
    return owned === all;
  });
  recovery.push(["coordinator killed: the other owns every shard after", Date.now() - killedAt]);
  say(`${second.name} owns every shard`);
  await reached(0.45);
  recovery.push([
    "coordinator killed: longest time without a start",
    longestPause(readLedger(ledger), killedAt, Date.now()),
  ]);
  recovery.push(["coordinator killed: longest wait of a submit", load.longestMs]);

  const backAt = Date.now();
  await first.program.stop();
  await first.start();
  await until(hand, "it to own its share", async () => (await shardsOf(system, first)).owned > 0);
  recovery.push(["coordinator started again: owns its share after", Date.now() - backAt]);
  say(`${first.name} is back and owns ${(await shardsOf(system, first)).owned} shards`);

  load.ceiling = tasks;
  await reached(0.65);
  let [agent] = system.agents;
  let heldByKilled: ReadonlySet<string> = new Set();
  const held = async (by: Part) => new Set(await heldBy(system, by, readLedger(ledger)));
  await until(hand, "an agent to run something", async () => {
    for (const one of system.agents) {
      if ((await held(one)).size === 0) continue;
      // Stopped first, so that what it holds is what it held when it was killed.
      one.program.kill("SIGSTOP");
      heldByKilled = await held(one).catch(() => new Set<string>());
      agent = one;
      if (heldByKilled.size > 0) return true;
      one.program.kill("SIGCONT");
    }
    return load.accepted.size === tasks;
  });
  say(`${agent.name} is killed (SIGKILL) with ${heldByKilled.size} commands, and ${state(hand)}`);
  killedAt = Date.now();
  agent.program.kill("SIGKILL");
  await agent.program.ended;
  await agent.program.stop();
  await agent.start();
  await until(hand, "it to be back", () => isConnected(system, agent));
  recovery.push(["agent killed and started again: at work after", Date.now() - killedAt]);
  say(`${agent.name} is back`);

  await reached(1);
  say(`all are accepted: ${state(hand)}`);
  let counts = await countTasks(system);
  // What does not end is told, not waited for.
  await until(hand, "every command to end", async () => {
    counts = await countTasks(system);
    return counts.succeeded + counts.failed >= load.accepted.size;
  }).catch((error: Error) => say(error.message));
  return { accepted: load.accepted, counts, runs: readLedger(ledger), heldByKilled, recovery };
}

function state({ load, ledger }: Stagehand): string {
  return `${load.accepted.size} accepted, ${readLedger(ledger).length} started`;
}

/** @throws Error when it does not come true while nothing else happens either, the load fails, or the command is to end. */
async function until(hand: Stagehand, what: string, holds: () => Promise<boolean>): Promise<void> {
  const { load, ledger, stopping } = hand;
  let failure: unknown;
  load.done.catch((error: unknown) => {
    failure = error;
  });
  let [last, since] = ["", performance.now()];
  while (!(await holds().catch(() => false))) {
    stopping.throwIfAborted();
    if (failure !== undefined) throw failure;
    const now = `${load.accepted.size} ${sizeOf(ledger)}`;
    if (now !== last) [last, since] = [now, performance.now()];
    if (performance.now() - since > PATIENCE_MS) throw new Error(`Waited ${PATIENCE_MS / 1_000} s for ${what}.`);
    await pause(LOOK_MS);
  }
}

export interface Verdict {
  readonly lost: number;
  readonly twice: number;
  /** Ran, and nobody was told that they were accepted: one submit made two. */
  readonly strangers: number;
  /** Of those that ran twice, the ones that the killed agent did not hold. */
  readonly unexplained: number;
}

export function judge({ accepted, counts, runs, heldByKilled }: Outcome): Verdict {
  const ran = new Set(runs.map(({ id }) => id));
  const twice = runTwice(runs);
  const missing = [...accepted].filter((id) => !ran.has(id)).length;
  // What TSS lost track of, and what it never ran, whatever it says.
  const unfinished = Math.max(accepted.size - counts.succeeded, 0);
  return {
    lost: Math.max(missing, unfinished),
    twice: twice.size,
    strangers: [...ran].filter((id) => !accepted.has(id)).length,
    unexplained: [...twice].filter((id) => !heldByKilled.has(id)).length,
  };
}
