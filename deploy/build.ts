/** Writes `dist`, which `npm pack` puts into the package: JavaScript of every part and the files beside it. */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

const ROOT = path.join(import.meta.dirname, "..");
const DIST = path.join(ROOT, "dist");
/** Folders whose other files (generated code, pages, styles, statements, protos) belong to the program. */
const ASSET_ROOMS = ["coordinator", "worker-agent", "cli", "gateway", "runtime", "sdk/typescript", "proto"];
const DASHBOARD = path.join("gateway", "dashboard");
const NOT_ASSETS = /(?<!\.d)\.ts$|\.md$|^tsconfig.*\.json$|^package.*\.json$/;

rmSync(DIST, { recursive: true, force: true });
compile("tsconfig.build.json");
for (const room of ASSET_ROOMS) if (existsSync(path.join(ROOT, room))) copyAssets(room);
buildDashboard();
markAsRelease();

function compile(project: string): void {
  const compiler = path.join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const { status } = spawnSync(process.execPath, [compiler, "-p", project], { cwd: ROOT, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

/** The pages as the gateway serves them; their sources stay out. */
function buildDashboard(): void {
  const vite = path.join(ROOT, "node_modules", "vite", "bin", "vite.js");
  const outDir = path.join(DIST, DASHBOARD);
  const args = [vite, "build", path.join(ROOT, DASHBOARD), "--outDir", outDir, "--logLevel", "warn"];
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

function copyAssets(folder: string): void {
  if (folder === DASHBOARD) return;
  for (const entry of readdirSync(path.join(ROOT, folder), { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== "node_modules") copyAssets(file);
    if (!entry.isFile() || NOT_ASSETS.test(entry.name)) continue;
    mkdirSync(path.join(DIST, folder), { recursive: true });
    copyFileSync(path.join(ROOT, file), path.join(DIST, file));
  }
}

/** A release looks for its files elsewhere than a checkout and refuses what only tests need. */
function markAsRelease(): void {
  const file = path.join(DIST, "runtime", "build.js");
  const source = readFileSync(file, "utf8");
  const marked = source.replace('BUILD = "checkout"', 'BUILD = "release"');
  if (marked === source) throw new Error(`${file} does not say BUILD = "checkout" any more.`);
  writeFileSync(file, marked);
}
