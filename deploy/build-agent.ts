/** Writes `dist/tss-agent-<platform>-<arch>`: the agent and the Node.js that runs it in one file. docs/decisions/0024 says why so. */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { inject } from "postject";
import { type Plugin, rolldown } from "rolldown";
import { readVersion } from "../runtime/version.ts";

const ROOT = join(import.meta.dirname, "..");
/** The same in every Node.js; it marks the place that says whether there is a program inside. */
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

const { values } = parseArgs({ options: { output: { type: "string" } } });
const output = resolve(values.output ?? join(ROOT, "dist", `tss-agent-${process.platform}-${process.arch}`));
const folder = mkdtempSync(join(tmpdir(), "tss-build-"));
try {
  if (process.platform !== "linux")
    throw new Error("Only Linux is tried: build the agent there, or run tss-agent from npm.");
  const program = join(folder, "agent.cjs");
  await bundle(program);
  const blob = prepareBlob(program);
  const made = join(folder, "tss-agent");
  copyFileSync(process.execPath, made);
  strip(made);
  await inject(made, "NODE_SEA_BLOB", readFileSync(blob), { sentinelFuse: FUSE });
  chmodSync(made, 0o755);
  mkdirSync(resolve(output, ".."), { recursive: true });
  // Removed first: a running agent keeps the file it was started from.
  rmSync(output, { force: true });
  copyFileSync(made, output);
  process.stdout.write(`${output} ${(statSync(output).size / 1e6).toFixed(1)} MB\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** One script of the agent and the packages it uses; the bundler is the one that the dashboard is built with. */
async function bundle(file: string): Promise<void> {
  const made = await rolldown({
    input: join(ROOT, "deploy", "agent-entry.ts"),
    platform: "node",
    plugins: [asRelease()],
  });
  await made.write({ file, format: "cjs", codeSplitting: false, comments: { legal: true } });
  await made.close();
}

/** There is no package.json beside a single file, and it is no checkout. */
function asRelease(): Plugin {
  return {
    name: "release",
    load(id) {
      if (id === join(ROOT, "runtime", "version.ts"))
        return `export const readVersion = () => ${JSON.stringify(readVersion())};`;
      if (id === join(ROOT, "runtime", "build.ts")) return 'export const BUILD = "release";';
      return null;
    },
  };
}

/** What Node.js finds inside itself when it starts: the script and what V8 has compiled of it. */
function prepareBlob(main: string): string {
  const blob = join(folder, "agent.blob");
  const config = join(folder, "sea.json");
  writeFileSync(
    config,
    JSON.stringify({
      main,
      output: blob,
      disableExperimentalSEAWarning: true,
      useCodeCache: true,
      // gRPC names an address in a TLS handshake: no news to a user of TSS.
      execArgv: ["--disable-warning=DEP0123"],
    }),
  );
  const { status, stderr } = spawnSync(process.execPath, ["--experimental-sea-config", config], { encoding: "utf8" });
  if (status !== 0) throw new Error(`Node.js could not prepare the agent: ${stderr.trim()}`);
  return blob;
}

/** Names of functions of Node.js itself are for its debuggers; without a `strip` the file is a seventh larger. */
function strip(file: string): void {
  const { status } = spawnSync("strip", [file], { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) process.stderr.write("strip is not there (package binutils): the file keeps its symbols.\n");
}
