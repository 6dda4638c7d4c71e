import { startProxy, type TcpProxy } from "../../../test/support/tcp-proxy.ts";
import { type Command, type Program, startProgram } from "./program.ts";

/** A running coordinator. Its lease term should be short: a scenario waits for its end. */
export interface System {
  readonly address: string;
  readonly apiKey: string;
}

/** The programs of one cell of the table: who submits and who works. They are started when they are needed. */
export class Stage {
  readonly #system: System;
  readonly #commands: { readonly submits: Command; readonly works: Command };
  readonly #programs = new Map<Command, Program>();
  readonly #wires = new Map<string, TcpProxy>();

  constructor(system: System, submits: Command, works: Command = submits) {
    this.#system = system;
    this.#commands = { submits, works };
  }

  submits(): Promise<Program> {
    return this.#program(this.#commands.submits);
  }

  works(): Promise<Program> {
    return this.#program(this.#commands.works);
  }

  /** Where the worker of that name finds the coordinator; undefined: as everybody. */
  addressOf(worker: string): string | undefined {
    const wire = this.#wires.get(worker);
    return wire && `127.0.0.1:${wire.port}`;
  }

  async lay(worker: string): Promise<void> {
    const port = Number(this.#system.address.split(":").at(-1));
    this.#wires.set(worker, await startProxy(port));
  }

  wire(worker: string): TcpProxy {
    const wire = this.#wires.get(worker);
    if (wire === undefined) throw new Error(`there is no wire to ${worker}`);
    return wire;
  }

  /** After a scenario: its wires are gone. */
  async clear(): Promise<void> {
    for (const wire of this.#wires.values()) await wire.close();
    this.#wires.clear();
  }

  async close(): Promise<void> {
    await this.clear();
    await Promise.all([...this.#programs.values()].map((program) => program.stop()));
  }

  async #program(command: Command): Promise<Program> {
    const running = this.#programs.get(command);
    if (running !== undefined && !running.over) return running;
    const { address, apiKey } = this.#system;
    const started = await startProgram(command, { TSS_COORDINATOR: address, TSS_API_KEY: apiKey });
    this.#programs.set(command, started);
    return started;
  }
}
