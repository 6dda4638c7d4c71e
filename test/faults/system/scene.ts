import { until } from "../../support/until.ts";
import type { History } from "../evidence/history.ts";
import { now } from "../evidence/run-clock.ts";
import type { Disturbance, LedgerLine, Violation } from "../evidence/types.ts";
import type { Scene } from "./fault.ts";
import type { Chance } from "./seeded.ts";
import type { System } from "./start-system.ts";

/** A scene that notes what is done to agents, and what did not come about. */
export interface NotedScene extends Scene {
  disturbed(): readonly Disturbance[];
  /** The system is not what it has to be again. */
  trouble(says: string): void;
  troubles(): readonly Violation[];
  /** What is to be done when the run is over. */
  end(): Promise<void>;
}

/**
 * @param mayMove whether a task runs until the fault has gone, and may be started again.
 * @param slackMs how long an agent that can act again may take to do so.
 * @param patienceMs longest wait for anything.
 */
export function makeScene(
  system: System,
  history: History,
  chance: Chance,
  lines: () => readonly LedgerLine[],
  mayMove: (task: string) => boolean,
  slackMs: number,
  patienceMs: number,
): NotedScene {
  const open = new Map<string, number>();
  const disturbed: Disturbance[] = [];
  const troubles: Violation[] = [];
  const closers: (() => Promise<void>)[] = [];
  const running = (agent: string) => {
    // Tokens of two shards may be alike.
    const ended = new Set(
      lines()
        .filter(({ what }) => what === "end")
        .map(({ task, token }) => `${task} ${token}`),
    );
    return lines()
      .filter((line) => line.what === "start" && line.agent === agent && !ended.has(`${line.task} ${line.token}`))
      .map(({ task }) => task);
  };
  return {
    system,
    chance,
    disturb(agent) {
      open.set(agent, Math.min(now(), open.get(agent) ?? Number.POSITIVE_INFINITY));
    },
    calm(agent) {
      const from = open.get(agent);
      open.delete(agent);
      if (from !== undefined) disturbed.push({ agent, from, to: now() + system.terms.leaseTtlMs + slackMs });
    },
    running,
    movable: (agent) => running(agent).filter(mayMove),
    afterwards: (close) => void closers.push(close),
    startedAgain: (task) => lines().some((line) => line.what === "start" && line.task === task && line.attempt > 1),
    startedElsewhere: (task, agent) =>
      lines().some((line) => line.what === "start" && line.task === task && line.agent !== agent && line.attempt > 1),
    until: (what, holds) => until(what, holds, patienceMs),
    async calls(count) {
      const enough = history.made + count;
      await until(`${count} more calls`, () => history.made >= enough, patienceMs);
    },
    disturbed: () => [
      ...disturbed,
      ...[...open].map(([agent, from]) => ({ agent, from, to: Number.POSITIVE_INFINITY })),
    ],
    trouble: (says) => troubles.push({ rule: "whole", says }),
    troubles: () => troubles,
    async end() {
      await Promise.all(closers.splice(0).map((close) => close()));
    },
  };
}
