import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
export const RELEASED = join(root, "proto/released");

/**
 * As buf.yaml says, but for one thing: numbers of a task that were kept for what was to come are taken by it. Those of a field
 * that is gone stay its own, which the other rules see.
 */
const RULES = JSON.stringify({
  version: "v1",
  breaking: { use: ["FILE"], ignore_only: { RESERVED_MESSAGE_NO_DELETE: ["tss/v1/task.proto"] } },
});

/** Version of the contract that is recorded: that of the last release. */
export function recordedVersion(): string | undefined {
  const file = readdirSync(RELEASED).find((name) => name.endsWith(".binpb"));
  return file?.slice(0, -".binpb".length);
}

/** @returns whether buf was content; what it says goes to standard output. */
export function buf(...args: string[]): boolean {
  const { status, error } = spawnSync(join(root, "node_modules/.bin/buf"), args, { cwd: root, stdio: "inherit" });
  if (error) throw error;
  return status === 0;
}

/**
 * Compares two images, for buf takes two modules of a workspace for two inputs.
 * @returns false when the protos break what clients of the recorded release may rely on; the breaks are printed.
 */
export function keepsContract(version: string): boolean {
  const folder = mkdtempSync(join(tmpdir(), "tss-proto-"));
  try {
    const image = join(folder, "now.binpb");
    return (
      buf("build", "-o", image) &&
      buf("breaking", image, "--exclude-imports", "--config", RULES, "--against", join(RELEASED, `${version}.binpb`))
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version;
}
