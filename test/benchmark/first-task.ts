// How long `tss dev` takes in an empty folder: `node test/benchmark/first-task.ts [starts]`. Prints the time from the start
// of the process to its greeting and to the end of its first task; nothing is asserted.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";

const TSS = join(import.meta.dirname, "../../bin/tss.cjs");
const starts = Number(process.argv[2] ?? 5);
const TARGET_MS = 3_000;

interface Times {
  readonly greetingMs: number;
  readonly succeededMs: number;
}

/** One start in an empty folder, with `home` for the cache of compiled code. */
async function start(home: string): Promise<Times> {
  const folder = mkdtempSync(join(tmpdir(), "tss-first-"));
  const began = performance.now();
  const child = spawn(process.execPath, [TSS, "dev"], {
    cwd: folder,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: home,
      TSS_COORDINATOR_LISTEN: "127.0.0.1:0",
      TSS_GATEWAY_LISTEN: "127.0.0.1:0",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let [output, greetingMs, succeededMs] = ["", 0, 0];
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk;
    if (greetingMs === 0 && output.includes("is running")) greetingMs = performance.now() - began;
    if (succeededMs !== 0 || !output.includes("  succeeded\n")) return;
    succeededMs = performance.now() - began;
    child.kill("SIGINT");
  });
  await once(child, "close");
  rmSync(folder, { recursive: true, force: true });
  if (succeededMs === 0) throw new Error(`tss dev ended before its first task had succeeded:\n${output}`);
  return { greetingMs, succeededMs };
}

function line(name: string, values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b).map(Math.round);
  const median = sorted[Math.floor(sorted.length / 2)];
  return `${name.padEnd(42)} min ${sorted[0]} ms, median ${median} ms, max ${sorted.at(-1)} ms`;
}

const home = mkdtempSync(join(tmpdir(), "tss-first-home-"));
try {
  console.log(
    `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}, ${starts} starts, each in an empty folder`,
  );
  const times: Times[] = [];
  for (let index = 0; index < starts; index += 1) times.push(await start(home));
  console.log(
    line(
      "process start → greeting",
      times.map(({ greetingMs }) => greetingMs),
    ),
  );
  console.log(
    line(
      "process start → first task succeeded",
      times.map(({ succeededMs }) => succeededMs),
    ),
  );
  console.log(
    `the very first, without compiled code kept:  ${Math.round(times[0]?.succeededMs ?? 0)} ms; target ${TARGET_MS} ms`,
  );
} finally {
  rmSync(home, { recursive: true, force: true });
}
