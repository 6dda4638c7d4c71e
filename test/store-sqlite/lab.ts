import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import type { Store } from "../../coordinator/ports/store.ts";
import { guard, type Release } from "../support/guard.ts";

/** A process of `store-process.ts`. */
export interface StoreProcess {
  readonly pid: number;
  /** Has it flush, and gives what it says; "" when it ends instead. */
  flush(): Promise<string>;
  /** Lets a process go on that stands still, and gives what it says. */
  goOn(): Promise<string>;
  kill(): Promise<void>;
}

/** A database in a directory of its own. */
export interface Lab {
  readonly directory: string;
  readonly path: string;
  readonly url: string;
  open(): Promise<Store>;
  startProcess(failpoint?: string, how?: "stop"): Promise<StoreProcess>;
  close(): Promise<void>;
}

export async function openLab(): Promise<Lab> {
  const directory = mkdtempSync(join(tmpdir(), "tss-sqlite-"));
  const path = join(directory, "tss.db");
  const url = `sqlite:${path}`;
  await sqliteStore.migrate(url);
  const stores: Store[] = [];
  const children: Release[] = [];
  return {
    directory,
    path,
    url,
    async open() {
      const store = await sqliteStore.open(url, { readConnections: 1, failpoint: () => {} });
      stores.push(store);
      return store;
    },
    async startProcess(failpoint = "", how) {
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, "store-process.ts"), url, failpoint, how ?? ""],
        {
          stdio: ["pipe", "pipe", "inherit"],
          env: { ...process.env, NODE_OPTIONS: "--no-warnings" },
        },
      );
      children.push(guard(child, "TERM", mkdtempSync(join(tmpdir(), "tss-guard-"))));
      return storeProcess(child);
    },
    async close() {
      for (const release of children) await release();
      for (const store of stores) await store.close();
      rmSync(directory, { recursive: true });
    },
  };
}

async function storeProcess(child: ChildProcess): Promise<StoreProcess> {
  const gone = once(child, "close");
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const word = async () => (await lines.next()).value ?? "";
  if ((await word()) !== "owns") throw new Error("the process does not own the database");
  return {
    pid: child.pid ?? 0,
    flush() {
      child.stdin?.write("flush\n");
      return word();
    },
    goOn() {
      child.kill("SIGCONT");
      return word();
    },
    async kill() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}
