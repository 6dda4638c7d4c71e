import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { FAULTS } from "./catalogue/faults.ts";
import { PLANTED_BUGS } from "./catalogue/planted-bugs.ts";
import { checkRun } from "./check/check-run.ts";
import { readEvidence } from "./evidence/evidence-file.ts";
import type { Fault, Terms } from "./system/fault.ts";
import { reportLine, wrongs } from "./system/report-line.ts";
import { runFault } from "./system/run-fault.ts";
import { isCaught, runPlanted } from "./system/run-planted.ts";
import { type System, startSystem } from "./system/start-system.ts";
import { TERMS } from "./system/terms.ts";

const USAGE = `npm run faults -- [--seed N] [--only NAME,NAME] [--rounds N] [--planted] [--list]
Every fault under load, one line each. Ends with 1 when a rule was broken or a run shows nothing.
  --seed     the choices by chance are made from it; printed first and last
  --only     these faults, or with --planted these bugs
  --rounds   so often, each time with the next seed
  --planted  plants bugs instead, and ends with 1 when one was not found
  --check    looks again at what a run has kept, in this folder
  --list     says what there is`;

/** What a run that went wrong has left is kept here. */
const KEPT = join(import.meta.dirname, "../../.cache/faults");

/** Ends the system under way, so that no process outlives this one. */
let endSystem = async () => {};
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(signal, () => void endSystem().finally(() => process.exit(130)));

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      only: { type: "string", default: "" },
      rounds: { type: "string", default: "1" },
      planted: { type: "boolean", default: false },
      check: { type: "string" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) console.log(USAGE);
  if (values.list) for (const { name, says } of [...FAULTS, ...PLANTED_BUGS]) console.log(`${name.padEnd(25)} ${says}`);
  if (values.help || values.list) return 0;
  if (values.check !== undefined) return checkKept(values.check);
  const seed = wholeNumber("--seed", values.seed);
  const rounds = wholeNumber("--rounds", values.rounds);
  const faults = chosen(values.planted ? [] : FAULTS, values.only);
  const bugs = chosen(values.planted ? PLANTED_BUGS : [], values.only);
  console.log(`seed ${seed}`);
  let bad = 0;
  for (let round = 0; round < rounds; round++) {
    for (const terms of Object.keys(TERMS) as Terms[])
      bad += await runAll(
        faults.filter((fault) => fault.terms === terms),
        terms,
        seed + round,
      );
    for (const bug of bugs) {
      const result = await runPlanted(bug, seed + round);
      const caught = isCaught(bug, result);
      if (!caught) bad++;
      console.log(
        `${caught ? "found " : "MISSED"} ${bug.name.padEnd(25)} ${wrongs(result)[0] ?? "nothing was reported"}`,
      );
    }
  }
  console.log(`${bad === 0 ? "everything as it should be" : `${bad} went wrong`}; seed ${seed}`);
  return bad === 0 ? 0 : 1;
}

/** @throws Error for a name that is not there. */
function chosen<T extends { readonly name: string }>(all: readonly T[], only: string): readonly T[] {
  const names = only.split(",").filter((name) => name !== "");
  const unknown = all.length === 0 ? [] : names.filter((name) => !all.some((one) => one.name === name));
  if (unknown.length > 0) throw new Error(`There is no ${unknown.join(", ")}: see --list.`);
  return all.filter(({ name }) => names.length === 0 || names.includes(name));
}

/** @throws Error when it is none. */
function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${option} is "${text}": write a whole number.`);
  return Number(text);
}

/** On one system, as long as it stays whole; one that was broken is left, and another begun. @returns how many went wrong. */
async function runAll(faults: readonly Fault[], terms: Terms, seed: number): Promise<number> {
  let system: System | undefined;
  let bad = 0;
  const end = async () => {
    const ending = system;
    system = undefined;
    await ending?.end();
  };
  endSystem = end;
  try {
    for (const fault of faults) {
      system ??= await startSystem(TERMS[terms]);
      if (await isRight(system, fault, seed)) continue;
      bad++;
      await end();
    }
  } finally {
    await end();
  }
  return bad;
}

async function isRight(system: System, fault: Fault, seed: number): Promise<boolean> {
  try {
    const result = await runFault(system, fault, fault.name, seed);
    console.log(reportLine(fault, result));
    for (const line of wrongs(result)) console.log(`       ${line}`);
    if (wrongs(result).length === 0) return true;
  } catch (error) {
    console.log(`FAILED ${fault.name}: ${(error as Error).message}`);
  }
  console.log(`       kept in ${keep(system, fault.name, seed)}`);
  return false;
}

/** Keeps the history and the evidence of a run, and what its programs have said. @returns where. */
function keep(system: System, name: string, seed: number): string {
  const folder = join(KEPT, `${name}-${seed}`);
  mkdirSync(folder, { recursive: true });
  cpSync(join(system.folder, name), folder, { recursive: true });
  for (const { name: program, output } of [...system.coordinators.map(({ process }) => process), ...system.agents])
    writeFileSync(join(folder, `${program}.log`), output());
  return folder;
}

/** The rules once more, over what was kept. */
function checkKept(folder: string): number {
  const found = checkRun(readEvidence(folder));
  for (const { rule, says } of found) console.log(`${rule}: ${says}`);
  console.log(`${found.length} breaches`);
  return found.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
