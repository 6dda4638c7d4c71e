import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./run-tss.ts";
import { newDatabase } from "./test-databases.ts";

let copies = 0;

/** URL of a copy of a database that nobody has open: what a restored backup of it is. */
export async function copyDatabase(url: string): Promise<string> {
  if (!url.startsWith("sqlite:")) return newDatabase(async () => new URL(url).pathname.slice(1));
  const copy = join(temporaryFolder(), `copy-${++copies}.db`);
  copyFileSync(url.slice("sqlite:".length), copy);
  return `sqlite:${copy}`;
}
