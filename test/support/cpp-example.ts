import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { findFolder, install } from "./binaries.ts";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "../..");
export const CPP_EXAMPLE = join(ROOT, "examples/cpp");
const PROGRAMS = ["submit", "worker"] as const;

/**
 * The programs of examples/cpp, made by their own Makefile from the stubs that `protoc` writes, and kept in `.cache` until a
 * source or a proto is another.
 * @returns the folder they are in.
 * @throws Error one sentence that says what is missing and what to do.
 */
export async function buildCppExample(): Promise<string> {
  const cache = join(ROOT, ".cache");
  const folder = join(cache, `cpp-${hashOf(["examples/cpp", "proto/tss/v1", "proto/third_party"])}`);
  if (existsSync(folder)) return folder;
  requireTools();
  mkdirSync(cache, { recursive: true });
  const made = mkdtempSync(join(cache, "cpp-making-"));
  try {
    // Optimised code takes three times as long to make, and nothing here is measured.
    const args = ["-j2", "-C", CPP_EXAMPLE, `BUILD=${join(made, "all")}`, "CXXFLAGS=-O0 -Werror"];
    await run("make", args, { maxBuffer: 16 * 1024 * 1024 });
    mkdirSync(join(made, "programs"));
    for (const name of PROGRAMS) cpSync(join(made, "all", name), join(made, "programs", name));
    // Whole at once: another test run may make the same at this moment.
    if (!existsSync(folder)) renameSync(join(made, "programs"), folder);
  } catch (error) {
    const { stderr = String(error) } = error as { stderr?: string };
    throw new Error(`examples/cpp cannot be built: ${stderr.trim().split("\n").slice(-5).join("\n")}`);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
  return folder;
}

function hashOf(folders: readonly string[]): string {
  const hash = createHash("sha256");
  for (const folder of folders)
    for (const name of readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).sort())
      if (/\.(cc|h|proto)$|^Makefile$/.test(name)) hash.update(name).update(readFileSync(join(ROOT, folder, name)));
  return hash.digest("hex").slice(0, 16);
}

function requireTools(): void {
  const isMissing = () =>
    ["make", "g++", "pkg-config", "protoc", "grpc_cpp_plugin"].some((name) => findFolder([name]) === undefined) ||
    !existsSync("/usr/include/grpcpp/grpcpp.h");
  if (isMissing()) install(["make", "g++", "pkg-config", "grpc++", "grpcPlugin"]);
  if (isMissing())
    throw new Error(
      "The example in C++ needs a compiler and gRPC: apt-get install g++ make pkg-config libgrpc++-dev protobuf-compiler-grpc",
    );
}
