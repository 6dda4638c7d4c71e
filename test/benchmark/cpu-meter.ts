import { readdirSync, readFileSync } from "node:fs";

/** Processes by what they are for; a whole tree below each. */
export type ProcessClasses = Readonly<Record<string, readonly number[]>>;

/** Clock ticks of the kernel's accounting a second: 100 on every Linux that Node runs on. */
const TICKS = 100;

/** CPU seconds of classes of processes, with what they have started and reaped, by the kernel's own accounting. */
export class CpuMeter {
  readonly #classes: ProcessClasses;
  #from: Record<string, number> = {};

  constructor(classes: ProcessClasses) {
    this.#classes = classes;
  }

  start(): void {
    this.#from = this.#read();
  }

  /** Seconds since `start`, by class. */
  stop(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.#read()).map(([name, now]) => [name, now - (this.#from[name] ?? 0)]));
  }

  #read(): Record<string, number> {
    const processes = readProcesses();
    const tree = (pid: number): number => {
      const own = processes.get(pid);
      if (own === undefined) return 0;
      let seconds = own.seconds;
      for (const [child, { parent }] of processes) if (parent === pid) seconds += tree(child);
      return seconds;
    };
    return Object.fromEntries(
      Object.entries(this.#classes).map(([name, pids]) => [
        name,
        // This process has the others as its children: of it only its own counts.
        pids.reduce((sum, pid) => sum + (pid === process.pid ? ownSeconds() : tree(pid)), 0),
      ]),
    );
  }
}

function ownSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function readProcesses(): Map<number, { parent: number; seconds: number }> {
  const processes = new Map<number, { parent: number; seconds: number }>();
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    try {
      const text = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
      // Fields 4 and 14–17 of proc(5): parent; user, system, and both of reaped children.
      const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
      processes.set(pid, { parent: Number(fields[1]), seconds: ticks / TICKS });
    } catch {
      // It ended while it was looked at.
    }
  }
  return processes;
}
