import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { CODE_CACHE } from "../../../test/support/code-cache.ts";
import { startCoordinatorProcess } from "../../../test/support/crash-system.ts";
import type { System } from "./stage.ts";

const TSS = join(import.meta.dirname, "../../../bin/tss.cjs");

/** A coordinator of this checkout on SQLite, with a lease term so short that a scenario can wait for its end. */
export async function startSystem(): Promise<System & { close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "tss-conformance-"));
  const settings = { TSS_DATABASE_URL: `sqlite:${join(folder, "tss.db")}` };
  const { PATH = "" } = process.env;
  await promisify(execFile)(process.execPath, [TSS, "db", "init"], {
    cwd: folder,
    env: { PATH, HOME: folder, ...CODE_CACHE, ...settings },
  });
  const coordinator = await startCoordinatorProcess({
    ...settings,
    TSS_COORDINATOR_LISTEN: "127.0.0.1:0",
    TSS_LEASE_TTL: "3s",
  });
  return {
    address: coordinator.address,
    apiKey: coordinator.key ?? "",
    async close() {
      await coordinator.stop("SIGTERM");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
