import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadStorePlugin } from "../../coordinator/plugins/registry.ts";

/** Tasks a second that a database takes of the product's own rows alone. @param databaseUrl a fresh one; undefined: SQLite. */
export async function measureCeiling(databaseUrl: string | undefined, tasks: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "tss-ceiling-"));
  try {
    const url = databaseUrl ?? `sqlite:${join(folder, "tss.db")}`;
    await (await loadStorePlugin(url)).migrate(url);
    const child = fork(join(import.meta.dirname, "ceiling.ts"), [url, String(tasks)]);
    const exit = once(child, "exit");
    const [{ perSecond }] = (await Promise.race([
      once(child, "message"),
      exit.then(([code]) => Promise.reject(new Error(`the ceiling ended with ${code}`))),
    ])) as [{ perSecond: number }];
    await exit;
    return perSecond;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
