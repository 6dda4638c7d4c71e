import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../support/until.ts";
import { checkRun } from "../check/check-run.ts";
import { factsOf } from "../check/facts.ts";
import { USUAL, vacuous } from "../check/vacuity.ts";
import { keepEvidence } from "../evidence/evidence-file.ts";
import { openHistory, readHistory } from "../evidence/history.ts";
import { now } from "../evidence/run-clock.ts";
import type { Evidence, Violation } from "../evidence/types.ts";
import type { Fault } from "./fault.ts";
import { countsOf, type Figures, figuresOf } from "./figures.ts";
import { liveRuns, readFinal, untilQuiet } from "./final-read.ts";
import { startLoad } from "./load.ts";
import { startLockLoad } from "./lock-load.ts";
import { makeScene } from "./scene.ts";
import { seeded } from "./seeded.ts";
import { watchStalls } from "./stalls.ts";
import type { Coordinator, System } from "./start-system.ts";
import { startWatchers } from "./watchers.ts";

export interface FaultResult {
  readonly violations: readonly Violation[];
  /** Why the run shows nothing; empty: it does. */
  readonly vacuous: readonly string[];
  readonly figures: Figures;
}

/** How late a rule with a bound in time lets a thing be. */
const SLACK_MS = 10_000;
/** Of each coordinator's tasks: what runs when the fault comes. */
const RUNNING = ["long", "long", "once", "stale", "stale"];
/** Of these the ones that may be started again. */
const MOVABLE: ReadonlySet<string> = new Set(["long", "stale"]);
const PROBE_DELAY_MS = 300;

/**
 * One fault under load, from a system that is whole to one that is whole again, and what the witnesses say of it.
 * @param run name of the run and of its queue, new for every run of a system.
 * @throws Error when the load does not come about before the fault: the machine, not TSS, is asked about then.
 */
export async function runFault(system: System, fault: Fault, run: string, seed: number): Promise<FaultResult> {
  const folder = join(system.folder, run);
  mkdirSync(folder);
  const [file, ...gates] = ["history.jsonl", "gate-1", "gate-2"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const history = openHistory(file);
  const chance = seeded(seed).fork(fault.name);
  const firstLine = system.ledger.lines().length;
  const lines = () => system.ledger.lines().slice(firstLine);
  const stalls = watchStalls();
  const least = { ...USUAL, ...fault.least };
  const watchers = startWatchers(system, history, run);
  const load = startLoad({ system, history, chance: chance.fork("load"), run, gates });
  const locks = startLockLoad(system, history, chance.fork("locks"), run);
  const stop = async () => {
    writeFileSync(gates[0], "");
    writeFileSync(gates[1], "");
    await Promise.all([load.stop(), locks.stop()]);
  };
  const mayMove = (task: string) => MOVABLE.has(load.accepted.get(task)?.kind ?? "");
  const { patienceMs } = fault;
  const scene = makeScene(system, history, chance, lines, mayMove, SLACK_MS, patienceMs);
  const patiently = (what: string, holds: () => boolean) =>
    until(what, holds, patienceMs).catch((error: Error) => scene.trouble(error.message));
  const probe = async (coordinator: Coordinator) => load.submit(["ok", "ok"], coordinator, PROBE_DELAY_MS);
  try {
    const kept = (await Promise.all(system.coordinators.map((one) => load.submit(RUNNING, one)))).flat();
    await until(
      "the load to be there before the fault",
      () => {
        const started = new Set(lines().map(({ task }) => task));
        const ends = lines().filter(({ what }) => what === "end").length;
        return kept.every((id) => started.has(id)) && ends >= 5 && load.acknowledged() >= least.before;
      },
      patienceMs,
    );
    const probes = new Map(
      await Promise.all(system.coordinators.map(async (one) => [one.process.name, await probe(one)] as const)),
    );
    const running = new Map(system.agents.map(({ name }) => [name, scene.running(name)]));
    const applied = now();
    const { parts = system.coordinators, hold, heal, bit } = await fault.apply(scene);
    await hold?.();
    await scene.calls(least.during);
    writeFileSync(gates[0], "");
    await heal?.();
    const healed = now();
    const from = fault.countsFrom === "healed" ? healed : applied;
    const named = parts.map((part) => ("process" in part ? part.process.name : part.name));
    const figures = () => figuresOf({ lines: lines(), applied, from, named, probes, running });
    await patiently("what was met to be back", () => figures().parts.every(({ isBack }) => isBack));
    await system.whole(patienceMs).catch((error: Error) => scene.trouble(error.message));
    writeFileSync(gates[1], "");
    await patiently(
      "commands to end after it",
      () => lines().filter(({ what, t }) => what === "end" && t > healed).length >= least.after,
    );
    const before = load.acknowledged();
    await patiently("submits after it", () => load.acknowledged() >= before + 2 * least.after);
    await stop();
    await untilQuiet(system, run, patienceMs);
    // The checker says what lives that must not.
    await until("every command to have ended", () => liveRuns(lines()).length === 0, SLACK_MS).catch(() => {});
    await watchers.stop();
    const evidence: Evidence = {
      ...readHistory(file),
      ledger: lines(),
      final: await readFinal(system, run),
      disturbed: scene.disturbed(),
      alive: liveRuns(lines()),
      terms: { leaseTtlMs: system.terms.leaseTtlMs, slackMs: SLACK_MS, stalledMs: stalls.stop() },
    };
    keepEvidence(folder, evidence);
    const facts = factsOf(evidence);
    return {
      violations: [...scene.troubles(), ...checkRun(evidence)],
      vacuous: vacuous(facts, { applied, healed, bit: bit() }, least),
      figures: { ...figures(), ...countsOf(facts, applied) },
    };
  } finally {
    stalls.stop();
    await stop();
    await Promise.all([watchers.stop(), scene.end()]);
  }
}
