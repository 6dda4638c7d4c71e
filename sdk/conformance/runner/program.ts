import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { CODE_CACHE } from "../../../test/support/code-cache.ts";
import { matches } from "./pattern.ts";

type Line = Readonly<Record<string, unknown>>;

/** What a call came to: `ok` or `error`. */
export type Answer = { readonly ok: unknown } | { readonly error: unknown };

/** How to start the conformance program of an SDK. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A conformance program that runs: calls go in, answers and events come out. */
export class Program {
  readonly sdk: string;
  readonly can: ReadonlySet<string>;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
  readonly #child: ChildProcess;
  readonly #calls = new Map<number, (answer: Answer) => void>();
  readonly #events: Line[] = [];
  readonly #awaited: { readonly pattern: unknown; readonly resolve: (event: Line) => void }[] = [];
  #lastId = 0;
  #stderr = "";

  constructor(child: ChildProcess, ready: Line) {
    this.#child = child;
    this.sdk = String(ready["sdk"]);
    this.can = new Set(ready["can"] as string[]);
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk).slice(-4_000);
    });
    this.ended = once(child, "exit").then(([code, signal]) => (signal ?? code) as number | string | null);
    void this.ended.then((how) => {
      for (const settle of this.#calls.values()) settle({ error: { code: "PROGRAM", message: `It ended (${how}).` } });
      this.#calls.clear();
    });
  }

  /** The end of what it wrote for people. */
  get stderr(): string {
    return this.#stderr;
  }

  call(action: string, words: unknown): Promise<Answer> {
    const id = ++this.#lastId;
    if (this.over) return Promise.resolve({ error: { code: "PROGRAM", message: "It has ended." } });
    return new Promise((resolve) => {
      this.#calls.set(id, resolve);
      this.#child.stdin?.write(`${JSON.stringify({ id, do: action, with: words })}\n`);
    });
  }

  /** The first event that matches and has not been given before. */
  event(pattern: unknown): Promise<Line> {
    const at = this.#events.findIndex((event) => matches(event, pattern));
    if (at >= 0) return Promise.resolve(this.#events.splice(at, 1)[0] as Line);
    return new Promise((resolve) => this.#awaited.push({ pattern, resolve }));
  }

  /** Events nobody has asked for. */
  get events(): readonly Line[] {
    return this.#events;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  get over(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Ends it by the end of its input, by force when it does not listen. */
  async stop(): Promise<void> {
    if (this.over) return;
    const force = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
    this.#child.stdin?.end();
    await this.ended;
    clearTimeout(force);
  }

  hear(line: Line): void {
    if (line["event"] === undefined) {
      const settle = this.#calls.get(Number(line["id"]));
      this.#calls.delete(Number(line["id"]));
      settle?.("error" in line ? { error: line["error"] } : { ok: line["ok"] });
      return;
    }
    const at = this.#awaited.findIndex(({ pattern }) => matches(line, pattern));
    if (at >= 0) this.#awaited.splice(at, 1)[0]?.resolve(line);
    else this.#events.push(line);
  }
}

/** Resolves when the program has said that it is ready. */
export async function startProgram(command: Command, env: Readonly<Record<string, string>>): Promise<Program> {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(command.file, command.args, {
    cwd: command.cwd,
    env: { PATH, HOME, ...CODE_CACHE, ...command.env, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => {});
  const shown = [command.file, ...command.args].join(" ");
  return new Promise((resolve, reject) => {
    let program: Program | undefined;
    let stderr = "";
    const keep = (chunk: Buffer) => {
      stderr += chunk;
    };
    child.stderr.on("data", keep);
    child.once("error", (error) => reject(new Error(`${shown} cannot be started: ${error.message}`)));
    child.once("exit", (code) => reject(new Error(`${shown} ended (${code}) before it was ready: ${stderr}`)));
    createInterface({ input: child.stdout }).on("line", (text) => {
      const line = JSON.parse(text) as Line;
      if (program !== undefined) return program.hear(line);
      child.stderr.off("data", keep);
      if (line["protocol"] !== 1) return reject(new Error(`${shown} speaks protocol ${line["protocol"]}, not 1.`));
      program = new Program(child, line);
      resolve(program);
    });
  });
}
