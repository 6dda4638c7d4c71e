import { isRunning } from "../../support/is-running.ts";
import type { Fault, Scene } from "../system/fault.ts";
import { endsFromNow, type Supervised } from "../system/supervised.ts";

/** By chance one of the agents that run what may be started elsewhere: of another nothing can be shown. */
async function holderOf({ system: { agents }, chance, movable, until }: Scene): Promise<Supervised> {
  const holders = () => agents.filter(({ name }) => movable(name).length > 0);
  await until("an agent to run what may be started elsewhere", () => holders().length > 0);
  return chance.pick(holders());
}

export const AGENT_FAULTS: readonly Fault[] = [
  {
    name: "agent-killed",
    says: "kill -9 of one of two agents; its supervisor starts it again",
    promise: "what it ran goes on under the one that is started; nothing is started again",
    boundMs: 5_000,
    patienceMs: 90_000,
    terms: "patient",
    async apply(scene) {
      const victim = await holderOf(scene);
      const [before, ran] = [victim.starts(), scene.movable(victim.name)];
      const ends = endsFromNow(victim);
      scene.disturb(victim.name);
      victim.signal("SIGKILL");
      return {
        hold: () => scene.until("it to be started again", () => victim.starts() > before),
        heal: async () => scene.calm(victim.name),
        // Asked when all that it ran has ended: under whom it was started.
        bit: () =>
          ends()[0] === "SIGKILL" && !ran.some(scene.startedAgain) ? [`${victim.name} was killed, and adopted`] : [],
      };
    },
  },
  {
    name: "agent-lost",
    says: "kill -9 of one of two agents, which stays away until what it ran was started elsewhere",
    promise: "what it ran is started elsewhere within its term and 2 s",
    boundMs: 6_000,
    patienceMs: 90_000,
    terms: "short",
    least: { extraStarts: 1 },
    async apply(scene) {
      const victim = await holderOf(scene);
      const [before, pid, ran] = [victim.starts(), victim.pid(), scene.movable(victim.name)];
      scene.disturb(victim.name);
      victim.hold();
      victim.signal("SIGKILL");
      return {
        parts: [victim],
        hold: () =>
          scene.until("its work to be started elsewhere", () =>
            ran.some((task) => scene.startedElsewhere(task, victim.name)),
          ),
        async heal() {
          victim.release();
          await scene.until("it to be started again", () => victim.starts() > before);
          scene.calm(victim.name);
        },
        bit: () => (isRunning(pid) ? [] : [`${victim.name} was killed`]),
      };
    },
  },
  {
    name: "agent-stopped",
    says: "SIGSTOP of one of two agents until what it ran was started elsewhere and has ended there, then SIGCONT",
    promise: "what it ran is started elsewhere within its term and 2 s; what it reports when it wakes is refused",
    boundMs: 6_000,
    patienceMs: 90_000,
    terms: "short",
    least: { extraStarts: 1 },
    async apply(scene) {
      const victim = await holderOf(scene);
      const ran = scene.movable(victim.name);
      scene.disturb(victim.name);
      victim.signal("SIGSTOP");
      const moved = () => ran.filter((task) => scene.startedElsewhere(task, victim.name));
      return {
        parts: [victim],
        hold: () => scene.until("its work to be started elsewhere", () => moved().length > 0),
        async heal() {
          victim.signal("SIGCONT");
          scene.calm(victim.name);
        },
        bit: () => moved().map((task) => `${task} moved`),
      };
    },
  },
];
