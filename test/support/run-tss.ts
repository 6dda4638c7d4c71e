import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll } from "@jest/globals";
import { CODE_CACHE } from "./code-cache.ts";

export const ROOT = path.join(import.meta.dirname, "..", "..");
export const TSS = path.join(ROOT, "bin", "tss.cjs");

/** How a program ended and what it wrote. */
export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs, with what it has written so far. */
export interface Started {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves when the text has been written to stdout or stderr. @throws when the program ends without it. */
  says(text: string): Promise<void>;
  readonly finished: Promise<Finished>;
}

export interface StartOptions {
  readonly node?: string;
  /** Added to a small environment without any TSS_* of the caller. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string;
}

const running = new Set<ChildProcess>();
const folders: string[] = [];
/** A home folder of its own for the programs a test file starts. */
const HOME = temporaryFolder();

afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await Promise.all([...running].map((child) => once(child, "close")));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "tss-test-"));
  folders.push(folder);
  return folder;
}

/** Runs the real `tss` and waits for its end. */
export function runTss(args: readonly string[], options: StartOptions = {}): Promise<Finished> {
  return startTss(args, options).finished;
}

export function startTss(args: readonly string[], options: StartOptions = {}): Started {
  return startProgram(options.node ?? process.execPath, [TSS, ...args], options);
}

/** Starts a program; it is killed after the tests of the file. */
export function startProgram(file: string, args: readonly string[], options: StartOptions = {}): Started {
  const env = { PATH: process.env["PATH"] ?? "", HOME, ...CODE_CACHE, TERM: "xterm", LANG: "C.UTF-8", ...options.env };
  const child = spawn(file, args, { cwd: options.cwd ?? HOME, env, stdio: "pipe" });
  running.add(child);
  let stdout = "";
  let stderr = "";
  const listeners = new Set<() => void>();
  const changed = () => {
    for (const listener of listeners) listener();
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    changed();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    changed();
  });
  // A program may end without reading its input.
  child.stdin.on("error", () => {});
  if (options.stdin !== undefined) child.stdin.end(options.stdin);
  const finished = once(child, "close").then(([code, signal]) => {
    running.delete(child);
    changed();
    return { code, signal, stdout, stderr } as Finished;
  });
  const says = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        const there = stdout.includes(text) || stderr.includes(text);
        if (!there && running.has(child)) return;
        listeners.delete(look);
        if (there) resolve();
        else reject(new Error(`It ended without "${text}":\n${stdout}\n${stderr}`));
      };
      listeners.add(look);
      look();
    });
  return { child, stdout: () => stdout, stderr: () => stderr, says, finished };
}
