import type { GroupLimit } from "../../proto/task-limits.ts";

/**
 * A way to keep together what a command starts, so that limits hold for all of it and nothing outlives its end.
 * What every way has beside: the process group, and the sweep by the attempt's mark.
 */
export interface Containment {
  /** cgroup: version 2 alone; hybrid: version 1 where 2 has no controllers; none. */
  readonly mode: "cgroup" | "hybrid" | "none";
  /** Limits of all processes of a task that it can keep. */
  readonly limits: ReadonlySet<GroupLimit>;
  /** For people: what it is and can do. */
  readonly sentence: string;
  /**
   * Makes the place for an attempt, where it needs one.
   * @param folder of the attempt; what a later agent must know is kept there.
   * @throws what the kernel says to it.
   */
  open(name: string, folder: string, limits: Readonly<Record<string, number>>): Cell;
  /** The place that an earlier agent made for the attempt of that folder. */
  find(folder: string): Cell;
}

/** The place of one attempt. */
export interface Cell {
  /** Files that the process which becomes the command puts itself into. */
  readonly joins: readonly string[];
  /** The kernel has ended something for want of memory since it was made: in it, or, where that is not known, near it. */
  isMemoryShort(): boolean;
  /** Kills whatever is in it. Resolves how many processes there were. */
  kill(): Promise<number>;
  /** Removes it when nothing is in it any more. */
  close(): Promise<void>;
}
