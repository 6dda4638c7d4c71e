import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { HttpProblem } from "../http/problem.ts";

const SOURCES = join(import.meta.dirname, "../dashboard");
const MODULES = join(import.meta.dirname, "../../node_modules");

/**
 * The dashboard's built files in a checkout, made when they are missing or older than their sources: whoever opens the page
 * needs to know of no build step, and whoever changes it sees the change at the next reload.
 * @returns the folder. @throws HttpProblem 503 that says what stands in the way.
 */
export async function buildDashboard(): Promise<string> {
  const folder = join(SOURCES, "dist");
  if (isCurrent(folder)) return folder;
  const vite = join(MODULES, "vite/bin/vite.js");
  if (!existsSync(vite))
    throw new HttpProblem(503, "NOT_BUILT", "The dashboard is built from its sources here: run npm install first.");
  // Several processes may build at once: each in a folder of its own, and the last to finish is the one that stays.
  const own = join(SOURCES, "dist", `.building-${process.pid}`);
  try {
    await runVite(vite, own);
    putInPlace(own, folder);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
  return folder;
}

async function runVite(vite: string, outDir: string): Promise<void> {
  const args = [vite, "build", SOURCES, "--outDir", outDir, "--logLevel", "error"];
  const child = spawn(process.execPath, args, { cwd: SOURCES, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk));
  const [code] = await once(child, "close");
  if (code !== 0) throw new HttpProblem(503, "NOT_BUILT", `The dashboard could not be built: ${output.trim()}`);
}

/** New assets beside the old, then the page that names them: who reads meanwhile finds one or the other whole. */
function putInPlace(from: string, to: string): void {
  const old = existsSync(join(to, "assets")) ? readdirSync(join(to, "assets")) : [];
  const made = readdirSync(join(from, "assets"));
  if (old.length === 0) renameSync(join(from, "assets"), join(to, "assets"));
  else for (const name of made) renameSync(join(from, "assets", name), join(to, "assets", name));
  renameSync(join(from, "index.html"), join(to, "index.html"));
  for (const name of old) if (!made.includes(name)) rmSync(join(to, "assets", name), { force: true });
}

function isCurrent(folder: string): boolean {
  const page = join(folder, "index.html");
  return existsSync(page) && newest(SOURCES) <= statSync(page).mtimeMs;
}

/** Time of the youngest source, ms. */
function newest(folder: string): number {
  let youngest = statSync(folder).mtimeMs;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === "dist") continue;
    const path = join(folder, entry.name);
    youngest = Math.max(youngest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
  }
  return youngest;
}
