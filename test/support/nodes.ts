import { spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import path from "node:path";

/** A Node.js of this machine. */
export interface NodeBinary {
  readonly file: string;
  readonly version: string;
}

/** The Node.js the tests run under. */
export const CURRENT_NODE: NodeBinary = { file: process.execPath, version: process.version };

/** Node.js binaries of this machine that are too old to run TSS themselves; often there is none. */
export const OLD_NODES: readonly NodeBinary[] = findOldNodes();

function findOldNodes(): NodeBinary[] {
  const folders = [...(process.env["PATH"] ?? "").split(path.delimiter), "/usr/local/bin", "/usr/bin"];
  const files = folders.map((folder) => path.join(folder, "node")).filter((file) => existsSync(file));
  const found = new Map<string, NodeBinary>();
  for (const file of new Set(files.map((name) => realpathSync(name)))) {
    const version = spawnSync(file, ["--version"], { encoding: "utf8" }).stdout.trim();
    if (Number(/^v(\d+)/.exec(version)?.[1] ?? 99) < 22) found.set(version, { file, version });
  }
  return [...found.values()];
}
