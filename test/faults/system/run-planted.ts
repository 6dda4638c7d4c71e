import { FAULTS } from "../catalogue/faults.ts";
import type { PlantedBug } from "../catalogue/planted-bugs.ts";
import type { Fault } from "./fault.ts";
import { type FaultResult, runFault } from "./run-fault.ts";
import { startSystem } from "./start-system.ts";
import { TERMS } from "./terms.ts";

/** The fault under which the bug shows, on a system of its own in which it is planted. @returns what the witnesses say. */
export async function runPlanted({ name, under }: PlantedBug, seed: number): Promise<FaultResult> {
  const fault = FAULTS.find((one) => one.name === under) as Fault;
  const system = await startSystem({ ...TERMS[fault.terms], settings: { TSS_FAILPOINT: `${name}:plant` } });
  try {
    return await runFault(system, fault, name.replace(".", "-"), seed);
  } finally {
    await system.end();
  }
}

/** Whether a rule that must find the bug was reported. */
export function isCaught({ rules }: PlantedBug, { violations }: FaultResult): boolean {
  return violations.some(({ rule }) => rules.includes(rule));
}
