import type { Bug } from "./bugs.ts";
import { SimClient } from "./client.ts";
import { House } from "./house.ts";
import { Ledger } from "./ledger.ts";
import { checkCredit, checkEnd } from "./rules.ts";
import { brew } from "./storm.ts";
import { drawPlan } from "./weather.ts";
import { SimWorker } from "./worker.ts";
import { Violation, World } from "./world.ts";

/** Longest calm, ms: within it everything must have ended. */
const CALM_MS = 120_000;

export interface Outcome {
  readonly seed: number;
  /** Of everything that happened. */
  readonly hash: string;
  /** Simulated ms, and things that happened in them. */
  readonly time: number;
  readonly happened: number;
  readonly tasks: number;
  readonly runs: number;
  readonly commits: number;
  readonly coordinators: number;
  /** Null: every rule held. */
  readonly violation: { readonly rule: string; readonly what: string } | null;
  /** The last things that happened before it. */
  readonly tail: readonly string[];
}

/** One history, drawn from its seed: a storm, a calm in which everything must end, and the rules. */
export async function runHistory(seed: number, bug?: Bug): Promise<Outcome> {
  const world = new World(seed);
  const plan = drawPlan(world.chance);
  const house = new House(world, plan, bug);
  const ledger = new Ledger();
  const violation = await live(world, house, ledger).then(
    () => null,
    (error: Error) => error,
  );
  for (const { process } of house.coordinators) process.kill();
  return {
    seed,
    hash: world.trace.hash,
    time: world.time,
    happened: world.happened,
    tasks: house.journal.tasks.size,
    runs: [...ledger.runs.values()].reduce((sum, runs) => sum + runs.length, 0),
    commits: house.journal.commits,
    coordinators: house.coordinators.length,
    violation: violation === null ? null : toldOf(violation),
    tail: violation === null ? [] : world.trace.tail(1_000),
  };
}

async function live(world: World, house: House, ledger: Ledger): Promise<void> {
  const { plan } = house;
  house.launch();
  const workers: SimWorker[] = [];
  for (let number = 1; number <= plan.workers; number++) workers.push(new SimWorker(house, ledger, `w${number}`));
  const clients = Array.from({ length: plan.clients }, (_, index) => new SimClient(house, ledger, `u${index + 1}`));
  for (const client of clients) client.run(plan.requests).catch((error: Error) => world.fail(error));
  brew(house, ledger, workers);
  await world.run(() => false, plan.weather.stormMs);
  house.calm();
  const hasEnded = () =>
    clients.every(({ done }) => done) &&
    house.journal.isOver &&
    workers.every(({ idle }) => idle) &&
    house.serving.length > 0;
  const began = world.time;
  if (!(await world.run(hasEnded, began + CALM_MS))) {
    const waiting = [
      ...house.journal.unfinished,
      ...clients.filter(({ done }) => !done).map(({ asks }) => `the client that asks to ${asks}`),
      ...workers.filter(({ idle }) => !idle).map(({ process }) => `a report of ${process.name}`),
    ];
    throw new Violation("ends", `for ever waits ${waiting.join(", ") || "a coordinator"}`);
  }
  // What follows from the last commits: answers, acknowledgements, checkpoints.
  await world.run(() => false, world.time + 500);
  checkEnd(house, ledger);
  checkCredit(house, workers);
  await recoverOnce(world, house);
  checkEnd(house, ledger);
}

/** A coordinator that finds only what is kept counts the same. */
async function recoverOnce(world: World, house: House): Promise<void> {
  const before = house.coordinators.length;
  for (const { process } of house.living) process.kill();
  const isUp = () => house.serving.length > 0 && house.coordinators.length > before;
  if (!(await world.run(isUp, world.time + 30_000))) throw new Violation("ends", "no coordinator comes up any more");
  await world.run(() => false, world.time + 200);
}

function toldOf(error: Error): NonNullable<Outcome["violation"]> {
  if (error instanceof Violation) return { rule: error.rule, what: error.message };
  return { rule: "error", what: error.stack ?? String(error) };
}
