import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { expect, test } from "@jest/globals";
import { type Client, createClient } from "../../sdk/typescript/index.ts";
import { findFolder, install } from "../support/binaries.ts";
import { CODE_CACHE } from "../support/code-cache.ts";
import { startCoordinatorProcess } from "../support/crash-system.ts";
import { freshDatabase } from "../support/database.ts";
import { ROOT, runTss, temporaryFolder } from "../support/run-tss.ts";
import { emptyDatabase } from "../support/test-databases.ts";

const DOCS = readFileSync(join(ROOT, "docs/operating.md"), "utf8");

/** Runs a block of docs/operating.md as it stands there. */
function runBlock(name: string, cwd: string, settings: Readonly<Record<string, string>>): void {
  const block = new RegExp(`^\`\`\`sh ${name}\\n([\\s\\S]*?)^\`\`\``, "m").exec(DOCS)?.[1];
  if (block === undefined) throw new Error(`docs/operating.md has no block ${name}`);
  const bin = join(cwd, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "tss"), `#!/bin/sh\nexec ${process.execPath} ${ROOT}/bin/tss.cjs "$@"\n`, { mode: 0o755 });
  // Tools of the server's version come before those of the machine.
  const path = [bin, findFolder(["pg_restore", "postgres"]) ?? "", process.env["PATH"]].join(delimiter);
  const { status, stderr, error } = spawnSync("sh", ["-eu", "-c", block], {
    cwd,
    env: { PATH: path, HOME: cwd, ...CODE_CACHE, ...settings },
    encoding: "utf8",
  });
  expect([name, status, status === 0 ? "" : `${stderr}${error}`]).toEqual([name, 0, ""]);
}

/** Submits before and after the backup, restores, and looks at what there is. */
async function backUpAndRestore(url: string, restoredUrl: string, backup: () => void, restore: () => void) {
  const settings = { TSS_DATABASE_URL: url, TSS_COORDINATOR_LISTEN: "127.0.0.1:0" };
  const first = await startCoordinatorProcess(settings);
  const apiKey = first.key ?? "";
  const client = createClient({ address: first.address, apiKey });
  const kept = await client.submit({ command: "true", name: "kept", labels: { batch: "7" } });
  const ended = await client.submit({ command: "true", name: "ended" });
  await ended.cancel();
  backup();
  const lost = await client.submit({ command: "true", name: "lost" });
  await client.close();
  const early = await runTss(["db", "restored"], { env: { TSS_DATABASE_URL: url } });
  expect(early.stderr).toMatch(/^Error: A coordinator runs on this database \([^)]+\): stop every one/);
  expect(early.code).not.toBe(0);
  await first.stop("SIGTERM");
  // Those after the backup have given out tokens of epochs that the backup knows nothing of.
  const next = await startCoordinatorProcess(settings);
  const meanwhile = createClient({ address: next.address, apiKey });
  const token = await tokenOf(meanwhile);
  await meanwhile.close();
  await next.stop("SIGTERM");
  restore();
  const second = await startCoordinatorProcess({
    TSS_DATABASE_URL: restoredUrl,
    TSS_COORDINATOR_LISTEN: "127.0.0.1:0",
  });
  const after = createClient({ address: second.address, apiKey });
  try {
    expect(await after.task(kept.id).get()).toMatchObject({ name: "kept", status: "waiting", labels: { batch: "7" } });
    expect(await after.task(ended.id).get()).toMatchObject({ status: "cancelled" });
    await expect(after.task(lost.id).get()).rejects.toMatchObject({ code: "NOT_FOUND" });
    // Ids of after the backup are not given again.
    expect(await tokenOf(after)).toBeGreaterThan(token);
    const more = await after.submit({ command: "true", name: "more" });
    expect([kept.id, ended.id, lost.id]).not.toContain(more.id);
  } finally {
    await after.close();
    await second.stop("SIGTERM");
  }
}

function tokenOf(client: Client): Promise<number> {
  return client.withLock("deploy", {}, async ({ token }) => token);
}

test("Postgres: what docs/operating.md says brings back what was", async () => {
  const url = await freshDatabase();
  const empty = await emptyDatabase();
  const cwd = temporaryFolder();
  const settings = { TSS_DATABASE_URL: url, NEW_DATABASE_URL: empty };
  await backUpAndRestore(
    url,
    empty,
    () => runBlock("backup-postgres", cwd, settings),
    () => runBlock("restore-postgres", cwd, settings),
  );
}, 180_000);

test("SQLite: what docs/operating.md says brings back what was", async () => {
  if (findFolder(["sqlite3"]) === undefined) install(["sqlite3"]);
  const cwd = temporaryFolder();
  mkdirSync(join(cwd, ".tss"));
  const url = `sqlite:${join(cwd, ".tss/tss.db")}`;
  expect(await runTss(["db", "init"], { cwd, env: { TSS_DATABASE_URL: url } })).toMatchObject({ code: 0 });
  await backUpAndRestore(
    url,
    url,
    () => runBlock("backup-sqlite", cwd, {}),
    () => {
      runBlock("restore-sqlite", cwd, {});
      expect(existsSync(join(cwd, "tss-backup.db"))).toBe(true);
    },
  );
});
