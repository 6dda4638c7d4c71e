import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { TssError } from "../../../proto/errors.ts";
import { WorkerRegistryService, WorkerState } from "../../../proto/gen/tss/v1/operator_service_pb.js";
import type { Client } from "../../typescript/index.ts";
import { Releases } from "./typescript-steps.ts";
import type { Words } from "./typescript-words.ts";

const AGENT = join(import.meta.dirname, "../../../bin/tss-agent.cjs");
const LOOK_MS = 20;
/** A slot is a process here: many that start at once would starve the agent past the short lease of these scenarios. */
const MOST_SLOTS = 4;

/** Agents by the name of their worker, and the socket over which their tasks speak with this program. */
export class Agents {
  readonly socket: string;
  readonly releases = new Releases();
  readonly #folder: string;
  readonly #client: Client;
  readonly #agents = new Map<string, ChildProcess>();

  /** @param emit hears the events of the tasks. */
  constructor(folder: string, client: Client, emit: (line: unknown) => void) {
    this.#folder = folder;
    this.#client = client;
    this.socket = join(folder, "socket");
    createServer((task) => {
      task.on("error", () => {});
      createInterface({ input: task }).on("line", (text) => {
        const line = JSON.parse(text) as Words;
        if (line["await"] === undefined) return emit(line);
        void this.releases.of(String(line["await"])).promise.then(() => task.write("released\n"));
      });
    }).listen(this.socket);
  }

  /** Resolves when the coordinator knows it. @throws TssError when it is refused. */
  async start(name: string, { queues, slots, address, apiKey }: Words): Promise<void> {
    const directory = mkdtempSync(join(this.#folder, "agent-"));
    const { PATH = "", HOME = "", TSS_COORDINATOR = "", TSS_API_KEY = "" } = process.env;
    const agent = spawn(process.execPath, [AGENT], {
      cwd: directory,
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        ...{
          PATH,
          HOME,
          TSS_COORDINATOR: String(address ?? TSS_COORDINATOR),
          TSS_API_KEY: String(apiKey ?? TSS_API_KEY),
        },
        ...{ TSS_WORKER_NAME: name, TSS_WORKER_DIR: directory, TSS_WORKER_QUEUES: (queues as string[]).join(",") },
        ...(slots === undefined ? {} : { TSS_WORKER_SLOTS: String(Math.min(Number(slots), MOST_SLOTS)) }),
        ...{ CONFORMANCE_WORKER: name, CONFORMANCE_SOCKET: this.socket },
      },
    });
    let said = "";
    agent.stderr?.on("data", (chunk: Buffer) => {
      said += chunk;
    });
    const ended = once(agent, "close");
    void ended.then(() => this.#agents.delete(name));
    while (agent.exitCode === null && !(await this.#isKnown(agent.pid))) await pause(LOOK_MS);
    if (agent.exitCode === null) this.#agents.set(name, agent);
    else {
      await ended;
      // An agent that cannot start says why in one sentence; its exit code is the same for all reasons.
      throw new TssError(/\bkey\b/.test(said) ? "UNAUTHENTICATED" : "UNKNOWN", said.trim());
    }
  }

  async #isKnown(pid: number | undefined): Promise<boolean> {
    const { workers } = await this.#client.connection.service(WorkerRegistryService).listWorkers({});
    return workers.some(({ info, state }) => info?.pid === pid && state === WorkerState.ACTIVE);
  }

  /** As a signal to the agent does it; after `graceMs` it ends what runs. */
  async drain(name: string, graceMs: number | undefined): Promise<void> {
    const agent = this.#agents.get(name);
    if (agent === undefined) return;
    const ended = once(agent, "close");
    agent.kill("SIGTERM");
    const hurry = graceMs === undefined ? undefined : setTimeout(() => agent.kill("SIGQUIT"), graceMs);
    await ended;
    clearTimeout(hurry);
  }

  async drainAll(graceMs?: number): Promise<void> {
    await Promise.all([...this.#agents.keys()].map((name) => this.drain(name, graceMs)));
  }
}
