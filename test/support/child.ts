import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import path from "node:path";
import { CODE_CACHE } from "./code-cache.ts";

const ROOT = path.join(import.meta.dirname, "..", "..");

/** A script of this repository as a process of its own, with no TSS_* setting of the caller. */
export class Child {
  readonly process: ChildProcessWithoutNullStreams;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  stdout = "";
  stderr = "";
  #heard = Promise.withResolvers<void>();

  constructor(script: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(TSS|OTEL|NODE)_/.test(name));
    this.process = spawn(process.execPath, [path.join(ROOT, script), ...args], {
      cwd: ROOT,
      env: { ...Object.fromEntries(inherited), ...CODE_CACHE, ...environment },
    });
    this.process.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      this.#tell();
    });
    this.process.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      this.#tell();
    });
    this.exited = new Promise((resolve) =>
      this.process.on("close", (code, signal) => {
        resolve({ code, signal });
        this.#tell();
      }),
    );
  }

  /** Resolves when standard output holds the text `times` times. @throws Error when the process ends before that. */
  async said(text: string, times = 1): Promise<void> {
    while (this.stdout.split(text).length <= times) {
      if (this.process.exitCode !== null || this.process.signalCode !== null)
        throw new Error(`it ended without saying "${text}": ${this.stdout}${this.stderr}`);
      await this.#heard.promise;
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  #tell(): void {
    this.#heard.resolve();
    this.#heard = Promise.withResolvers();
  }
}
