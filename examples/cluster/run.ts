import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startLoad } from "./load.ts";
import { shardsOf } from "./look.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import type { Stage } from "./programs.ts";
import { judge, type Outcome, playStory } from "./story.ts";
import { type System, startSystem } from "./system.ts";

/**
 * `npm run cluster`: two coordinators, two gateways and three agents on a Postgres and a Redis of their own; commands are
 * handed over while a coordinator and an agent are killed. Prints what became of them, and ends by itself.
 */
async function main(): Promise<number> {
  if (process.argv.includes("--help")) return print(USAGE, 0);
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`Error: ${(error as Error).message}\n`);
    return 2;
  }
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopping.abort());
  const stage: Stage = { folder: mkdtempSync(join(tmpdir(), "tss-cluster-")), programs: new Set() };
  const closers: (() => Promise<void>)[] = [
    async () => rmSync(stage.folder, { recursive: true, force: true }),
    // Also those whose start was still under way.
    async () => void (await Promise.all([...stage.programs].map((program) => program.stop()))),
  ];
  try {
    return await show(stage, closers, options, stopping.signal);
  } catch (error) {
    if (stopping.signal.aborted) return 130;
    process.stderr.write(`Error: ${(error as Error).message}\n`);
    return 1;
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function show(
  stage: Stage,
  closers: (() => Promise<void>)[],
  options: Options,
  stopping: AbortSignal,
): Promise<number> {
  const began = performance.now();
  const say = (text: string) => print(`${((performance.now() - began) / 1_000).toFixed(1).padStart(6)} s  ${text}`, 0);
  print("Postgres, Redis and TSS are started for this command, and end with it.", 0);
  const system = await startSystem(stage, closers);
  stopping.throwIfAborted();
  await introduce(system);
  const ledger = join(stage.folder, "ledger");
  say(`${options.tasks} commands are handed over, ${options.rate} a second, by the SDK and by REST`);
  const load = startLoad(system, options, ledger, stopping);
  const outcome = await playStory({ system, load, tasks: options.tasks, ledger, say, stopping });
  stopping.throwIfAborted();
  return report(outcome);
}

async function introduce(system: System): Promise<void> {
  const { coordinators, gateways, agents } = system;
  for (const one of coordinators) {
    const { owned, all } = await shardsOf(system, one);
    print(`          ${one.name.padEnd(14)} ${one.address}, pid ${one.program.pid}, ${owned} of ${all} shards`, 0);
  }
  for (const one of gateways) print(`          ${one.name.padEnd(14)} ${one.address}, pid ${one.program.pid}`, 0);
  for (const one of agents) print(`          ${one.name.padEnd(14)} pid ${one.program.pid}, 8 slots`, 0);
}

function report(outcome: Outcome): number {
  const { lost, twice, strangers, unexplained } = judge(outcome);
  const { accepted, counts, heldByKilled } = outcome;
  const ended = counts.succeeded + counts.failed;
  const why = `${twice - unexplained} of them held by the killed agent, which held ${heldByKilled.size}`;
  print("", 0);
  print(`accepted   ${accepted.size}`, 0);
  print(`ended      ${ended} (${counts.succeeded} succeeded, ${counts.failed} failed)`, 0);
  print(`run twice  ${twice} (${why})`, 0);
  print(`made twice ${strangers}`, 0);
  print(`lost       ${lost}`, 0);
  for (const [what, ms] of outcome.recovery) print(`${(ms / 1_000).toFixed(1).padStart(6)} s   ${what}`, 0);
  return lost + strangers + unexplained + counts.failed === 0 ? 0 : 1;
}

function print(text: string, code: number): number {
  process.stdout.write(`${text}\n`);
  return code;
}

process.exitCode = await main();
