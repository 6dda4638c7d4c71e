import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { ROOT, type Started, startProgram, temporaryFolder } from "./run-tss.ts";

export type Program = "tss" | "tss-coordinator" | "tss-gateway" | "tss-agent";

/** TSS as it was at a commit, or as it is. */
export interface Release {
  /** Starts a program in a folder of its own. */
  start(program: Program, args: readonly string[], env: Readonly<Record<string, string>>): Started;
}

/** This checkout. */
export const CURRENT: Release = releaseIn(ROOT);

/**
 * The sources of a commit of this repository, kept in `.cache`. They run unbuilt, on the packages of today: what is tried is
 * how the programs speak to each other and to the database.
 * @param commit its full hash. Hashes stay; tags may be missing in a clone.
 * @throws Error one sentence that says what to do, when the clone does not have it.
 */
export function oldRelease(commit: string): Release {
  const folder = join(ROOT, ".cache", `release-${commit.slice(0, 12)}`);
  if (existsSync(folder)) return releaseIn(folder);
  if (git("cat-file", "-e", `${commit}^{commit}`).status !== 0)
    throw new Error(
      `The tests of mixed versions run TSS as it was at commit ${commit}, which this clone does not have: fetch its whole history (git fetch --unshallow).`,
    );
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  const made = mkdtempSync(join(ROOT, ".cache/release-making-"));
  const tar = spawnSync("tar", ["-x", "-C", made, "--exclude=docs", "--exclude=test"], {
    input: git("archive", commit).stdout,
  });
  if (tar.status !== 0) throw new Error(`git archive ${commit} cannot be unpacked: ${tar.stderr}`);
  symlinkSync(join(ROOT, "node_modules"), join(made, "node_modules"));
  // Whole at once: another test file may make the same at this moment.
  if (existsSync(folder)) rmSync(made, { recursive: true });
  else renameSync(made, folder);
  return releaseIn(folder);
}

/** Whether this is a clone with all that was before: an archive of the sources, and a shallow clone, are none. */
export function hasHistory(): boolean {
  return git("rev-parse", "--is-shallow-repository").stdout.toString().trim() === "false";
}

/** The checkout may be another user's than who runs the tests. */
function git(...args: string[]) {
  return spawnSync("git", ["-c", "safe.directory=*", "-C", ROOT, ...args], { maxBuffer: 256 * 1024 * 1024 });
}

function releaseIn(folder: string): Release {
  return {
    start: (program, args, env) =>
      startProgram(process.execPath, [join(folder, "bin", `${program}.cjs`), ...args], {
        cwd: temporaryFolder(),
        env,
      }),
  };
}
