import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { arch } from "node:os";
import { basename, delimiter, join } from "node:path";
import { findFolder, install } from "./binaries.ts";

const ROOT = join(import.meta.dirname, "../..");
const MODULE = join(ROOT, "sdk/go");

/** What sdk/go/go.mod asks for; 1.19 of Debian 12 has neither slog nor iterators. */
const NEEDED = [1, 24] as const;
/** Taken by an older Go from the module proxy, whose checksums it verifies. */
const FETCHED = "1.24.13";

/**
 * Folder of a `go` that is new enough: the one of this machine, else Debian's, which fetches a newer one where it is too old.
 * @throws Error one sentence that says what is missing and what to do.
 */
export function goFolder(): string {
  let folder = findGo();
  if (folder === undefined && install(["go"])) folder = findGo();
  if (folder === undefined)
    throw new Error(`The tests of the Go SDK need Go ${NEEDED.join(".")} or newer: install it (https://go.dev/dl).`);
  return isNewEnough(goVersion(folder)) ? folder : newerGo(folder);
}

/** Whether `go version` says a version that go.mod allows. */
export function isNewEnough(said: string): boolean {
  const [major = 0, minor = 0] = (/\bgo(\d+)\.(\d+)/.exec(said) ?? []).slice(1).map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

function findGo(): string | undefined {
  const own = "/usr/local/go/bin";
  return findFolder(["go"]) ?? (existsSync(join(own, "go")) ? own : undefined);
}

function goVersion(folder: string): string {
  return execFileSync(join(folder, "go"), ["version"], {
    encoding: "utf8",
    env: { ...process.env, GOTOOLCHAIN: "local" },
  });
}

/** Go as a module: files of modules are not executable until they are made so. */
function newerGo(folder: string): string {
  const platform = `linux-${arch() === "x64" ? "amd64" : arch()}`;
  const module = `golang.org/toolchain@v0.0.1-go${FETCHED}.${platform}`;
  try {
    const answer = execFileSync(join(folder, "go"), ["mod", "download", "-json", module], { encoding: "utf8" });
    const { Dir: root } = JSON.parse(answer) as { readonly Dir: string };
    for (const tools of ["bin", `pkg/tool/${platform.replace("-", "_")}`])
      for (const name of readdirSync(join(root, tools))) chmodSync(join(root, tools, name), 0o755);
    return join(root, "bin");
  } catch (error) {
    throw new Error(
      `The tests of the Go SDK need Go ${NEEDED.join(".")} or newer, and ${goVersion(folder).trim()} could not fetch it: install it (https://go.dev/dl).`,
      { cause: error },
    );
  }
}

/** Whether programs with cgo can be built, which the race detector needs; a compiler is installed where that is possible. */
export function hasCompiler(): boolean {
  if (findFolder(["cc"]) === undefined) install(["cc", "libc"]);
  return findFolder(["cc"]) !== undefined;
}

/**
 * Environment of the Go toolchain at `folder`. All that is built has the same flags, those of the race detector where there
 * is a compiler: each of some 400 packages is then compiled once, and not once more for every kind of build. Optimised
 * code takes longer to make than it saves here.
 */
export function goEnvironment(folder: string): NodeJS.ProcessEnv {
  const race = hasCompiler() ? ["-race"] : [];
  return {
    ...process.env,
    PATH: `${folder}${delimiter}${process.env["PATH"]}`,
    GOTOOLCHAIN: "local",
    GOFLAGS: [process.env["GOFLAGS"] ?? "", ...race, "-gcflags=all=-N", "-ldflags=-w"].join(" ").trim(),
    NODE_OPTIONS: "",
  };
}

/**
 * Builds a program of sdk/go and keeps it in `.cache` until a source is another.
 * @param program its package, e.g. "./conformance".
 */
export async function buildGo(program: string): Promise<string> {
  const hash = createHash("sha256");
  for (const name of readdirSync(MODULE, { recursive: true, encoding: "utf8" }).sort())
    if (/\.go$|^go\.(mod|sum)$/.test(name)) hash.update(`${name}\n`).update(readFileSync(join(MODULE, name)));
  const cache = join(ROOT, ".cache");
  const file = join(cache, `go-${basename(program)}-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(file)) return file;
  mkdirSync(cache, { recursive: true });
  const go = goFolder();
  // Made beside and renamed when it is whole: another test file may build the same at this moment.
  const made = `${file}.${process.pid}`;
  const { code, output } = await runGo(go, MODULE, "go", ["build", "-buildvcs=false", "-o", made, program]);
  if (code !== 0) throw new Error(`${program} of sdk/go cannot be built: ${output}`);
  renameSync(made, file);
  return file;
}

export interface GoResult {
  readonly code: number | null;
  /** Standard output and error, in the order in which they came. */
  readonly output: string;
}

/** Runs a program of the Go toolchain in `cwd` and waits for its end. */
export async function runGo(
  folder: string,
  cwd: string,
  program: "go" | "gofmt",
  args: readonly string[],
): Promise<GoResult> {
  const child = spawn(join(folder, program), args, {
    cwd,
    env: goEnvironment(folder),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  const [code] = await once(child, "close");
  return { code: code as number | null, output };
}
