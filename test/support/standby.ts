import { join } from "node:path";
import { ROOT, type Started, startProgram } from "./run-tss.ts";

/** The program tss-coordinator on a database that another one owns. */
export function startStandby(databaseUrl: string, settings: Readonly<Record<string, string>> = {}): Started {
  return startProgram(process.execPath, [join(ROOT, "bin/tss-coordinator.cjs")], {
    env: { TSS_DATABASE_URL: databaseUrl, TSS_COORDINATOR_LISTEN: "127.0.0.1:0", ...settings },
  });
}
