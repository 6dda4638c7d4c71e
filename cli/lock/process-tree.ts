import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** With it a process is told from a later one of the same number. */
  readonly started: string;
}

/** A process and what it has started, however deep. Who has left it for a parent of its own (a daemon) is not found. */
export interface ProcessTree {
  /** Sends it to everyone who lives, also to those who have come since. */
  signal(signal: NodeJS.Signals): void;
  /** Whether anybody lives. Who was seen once is remembered, also when its parent has ended. */
  lives(): boolean;
}

export function processTree(root: number): ProcessTree {
  let members: readonly Process[] = [];
  const look = (): readonly Process[] => {
    const all = listProcesses();
    const children = Map.groupBy(all.values(), ({ parent }) => parent);
    const living = new Set(members.flatMap(({ pid, started }) => (all.get(pid)?.started === started ? [pid] : [])));
    if (members.length === 0 && all.has(root)) living.add(root);
    // A set that grows while it is walked is walked to its end.
    for (const pid of living) for (const child of children.get(pid) ?? []) living.add(child.pid);
    members = [...living].map((pid) => all.get(pid) as Process);
    return members;
  };
  look();
  return {
    signal(signal) {
      for (const { pid } of look())
        try {
          process.kill(pid, signal);
        } catch {
          // It has just ended, or belongs to another user.
        }
    },
    lives: () => look().length > 0,
  };
}

/** Everybody who is not dead. */
function listProcesses(): Map<number, Process> {
  const found = process.platform === "linux" ? readProc() : readPs();
  return new Map(found.map((one) => [one.pid, one]));
}

function readProc(): Process[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const text = readFileSync(`/proc/${name}/stat`, "latin1");
      // The program's name may hold blanks and brackets: the fields start after the last one.
      const [state = "Z", parent, ...rest] = text.slice(text.lastIndexOf(")") + 2).split(" ");
      return state === "Z" || state === "X"
        ? []
        : [{ pid: Number(name), parent: Number(parent), started: `${rest[17]}` }];
    } catch {
      return [];
    }
  });
}

function readPs(): Process[] {
  const text = execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat=,lstart="], { encoding: "utf8" });
  return text.split("\n").flatMap((line) => {
    const [pid, parent, state = "Z", ...started] = line.trim().split(/\s+/);
    return state.startsWith("Z") ? [] : [{ pid: Number(pid), parent: Number(parent), started: started.join(" ") }];
  });
}
