import { readdirSync } from "node:fs";
import { until } from "../../support/until.ts";
import { environmentOf } from "./final-read.ts";

const BOUND_MS = 30_000;

/** Kills what outlived its agent, also what has not come to its first line. @param ledger path of the ledger of its run. */
export async function endCommands(ledger: string): Promise<void> {
  const isGone = () => {
    const left = readdirSync("/proc").filter(
      (name) => /^\d+$/.test(name) && environmentOf(Number(name)).includes(`LEDGER=${ledger}\0`),
    );
    for (const pid of left) {
      try {
        process.kill(Number(pid), "SIGKILL");
      } catch {
        // It has gone meanwhile.
      }
    }
    return left.length === 0;
  };
  await until("every command of the run to be gone", isGone, BOUND_MS);
}
