import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const OURS = join(tmpdir(), "tss-");

/**
 * Commands outlive their agent. Those whose agent was killed by a test, which has removed its directory since, are ended here
 * with all of their group: nobody comes for them.
 */
export function endLeftCommands(): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const [, launcher = ""] = argumentsOf(pid);
    if (!launcher.startsWith(OURS) || !launcher.endsWith("/launcher") || existsSync(launcher)) continue;
    try {
      process.kill(-Number(pid), "SIGKILL");
    } catch {
      // It has ended.
    }
  }
}

function argumentsOf(pid: string): string[] {
  try {
    return readFileSync(join("/proc", pid, "cmdline"), "latin1").split("\0");
  } catch {
    return [];
  }
}
