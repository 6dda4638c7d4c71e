import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { goFolder } from "../../support/go-toolchain.ts";

const MODULE = join(import.meta.dirname, "../../../sdk/go");

/** Builds the Go SDK's worker of the benchmarks into a folder of its own. */
export function buildGoWorker(): { readonly name: string; readonly file: string; readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "tss-bench-go-"));
  const file = join(folder, "benchworker");
  execFileSync(join(goFolder(), "go"), ["build", "-buildvcs=false", "-o", file, "./internal/benchworker"], {
    cwd: MODULE,
    stdio: "inherit",
  });
  return { name: "Go worker", file, folder };
}
