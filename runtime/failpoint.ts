import { BUILD } from "./build.ts";

/** What happens at a failpoint: `kill` as by kill -9, `stop` as by SIGSTOP, `throw` an error, `plant` a bug. */
type Effect = "kill" | "stop" | "throw" | "plant";

interface Armed {
  readonly effect: Effect;
  /** Hits left before it happens. */
  left: number;
}

/** Null while no failpoint is armed, so that passing one costs a single comparison. */
let armed: Map<string, Armed> | null = null;

const SHAPE = /^([A-Za-z0-9._-]+)(?:=([1-9]\d{0,8}))?(?::(kill|stop|throw|plant))?$/;

/** A named place where a test can make the process die, stand still or fail. Nothing happens unless it was armed. */
export function failpoint(name: string): void {
  if (armed === null) return;
  const found = armed.get(name);
  if (found === undefined || found.effect === "plant" || --found.left > 0) return;
  armed.delete(name);
  switch (found.effect) {
    case "kill":
      process.kill(process.pid, "SIGKILL");
      return;
    case "stop":
      process.kill(process.pid, "SIGSTOP");
      return;
    case "throw":
      throw new Error(`failpoint ${name}`);
  }
}

/**
 * Whether a bug of this name is planted here: one that the checker of test/faults must find, or it finds nothing. Always false
 * in a release.
 */
export function isPlanted(name: string): boolean {
  return armed !== null && armed.get(name)?.effect === "plant";
}

/**
 * Arms the failpoints of TSS_FAILPOINT: `name`, `name=3` (the third hit), `name:stop`, `name:throw` or `name:plant`, several
 * separated by commas. Undefined disarms all.
 * @throws Error with one sentence when the text makes no sense or the build is a release.
 */
export function armFailpoints(text: string | undefined, build: "checkout" | "release" = BUILD): void {
  armed = null;
  if (text === undefined) return;
  if (build === "release")
    throw new Error("TSS_FAILPOINT is set, but a release build never fails on purpose: unset it and start again.");
  const points = new Map<string, Armed>();
  for (const item of text.split(",")) {
    const match = SHAPE.exec(item.trim());
    if (match === null)
      throw new Error(`TSS_FAILPOINT has "${item.trim()}": write NAME, NAME=HIT, NAME:stop, NAME:throw or NAME:plant.`);
    points.set(match[1] as string, { left: Number(match[2] ?? 1), effect: (match[3] as Effect | undefined) ?? "kill" });
  }
  armed = points;
}
