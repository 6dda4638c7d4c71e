import { afterAll, expect, test } from "@jest/globals";
import { FAULTS } from "./catalogue/faults.ts";
import type { Fault, Terms } from "./system/fault.ts";
import { reportLine, wrongs } from "./system/report-line.ts";
import { runFault } from "./system/run-fault.ts";
import { type System, startSystem } from "./system/start-system.ts";
import { TERMS } from "./system/terms.ts";

/** A machine that has other things to do takes longer; what is waited for comes, or the checker says that it did not. */
export const FAULT_TIMEOUT_MS = 600_000;
const SEED = 1;

/** One test for each fault, all on one system; a line for each goes to standard error. */
export function testFaults(terms: Terms, names: readonly string[]): void {
  let system: System | undefined;
  const end = async () => {
    await system?.end();
    system = undefined;
  };
  afterAll(end, FAULT_TIMEOUT_MS);

  test.each(names)(
    "%s",
    async (name) => {
      const fault = faultOf(name);
      expect(fault.terms).toBe(terms);
      system ??= await startSystem(TERMS[terms]);
      try {
        const result = await runFault(system, fault, name, SEED);
        process.stderr.write(`${reportLine(fault, result)}\n`);
        expect(wrongs(result)).toEqual([]);
      } catch (error) {
        // The next fault finds a system that is whole.
        await end();
        throw error;
      }
    },
    FAULT_TIMEOUT_MS,
  );
}

function faultOf(name: string): Fault {
  const fault = FAULTS.find((one) => one.name === name);
  if (fault === undefined) throw new Error(`there is no fault ${name}`);
  return fault;
}
