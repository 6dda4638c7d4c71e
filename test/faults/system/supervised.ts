export type How = NodeJS.Signals | number | null;

/** A program under a supervisor that starts it again whenever it ends, as systemd would. */
export interface Supervised {
  readonly name: string;
  /** Of the process that runs now. */
  pid(): number;
  /** How often it was started. */
  starts(): number;
  /** How it ended each time. */
  readonly ends: readonly How[];
  /** What it and those before it have said. */
  output(): string;
  signal(signal: NodeJS.Signals): void;
  /** It is not started again until `release`. */
  hold(): void;
  release(): void;
  end(signal: NodeJS.Signals): Promise<void>;
}

export interface Process {
  readonly pid: number;
  readonly ended: Promise<How>;
  output(): string;
}

const PAUSE_MS = 100;

/** @param start resolves when the program is ready. @throws what `start` throws the first time. */
export async function supervise(name: string, start: () => Promise<Process>): Promise<Supervised> {
  let running = await start();
  let count = 1;
  let said = "";
  let over = false;
  let held = Promise.withResolvers<void>();
  held.resolve();
  const ends: How[] = [];
  const signal = (which: NodeJS.Signals) => {
    try {
      process.kill(running.pid, which);
    } catch {
      // It has ended by itself.
    }
  };
  const again = async (): Promise<void> => {
    for (;;) {
      await held.promise;
      if (over) return;
      try {
        running = await start();
        count++;
        if (over) signal("SIGKILL");
        return;
      } catch (error) {
        // What it needs may be away: the next try may find it.
        said += `${(error as Error).message}\n`;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  };
  const supervising = (async () => {
    while (!over) {
      const how = await running.ended;
      ends.push(how);
      said += running.output();
      await again();
    }
  })();
  return {
    name,
    ends,
    pid: () => running.pid,
    starts: () => count,
    output: () => said + running.output(),
    signal,
    hold() {
      held = Promise.withResolvers();
    },
    release: () => held.resolve(),
    async end(which) {
      over = true;
      held.resolve();
      signal(which);
      signal("SIGCONT");
      await supervising;
      await running.ended;
    },
  };
}

/** How it ended since now, when it is asked. */
export function endsFromNow({ ends }: Supervised): () => readonly How[] {
  const before = ends.length;
  return () => ends.slice(before);
}
