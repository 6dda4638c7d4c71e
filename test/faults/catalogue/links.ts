import type { Fault } from "../system/fault.ts";
import { untilOwnsAll, victimOf } from "./coordinators.ts";

const RESETS = 3;

export const LINK_FAULTS: readonly Fault[] = [
  {
    name: "link-half-open",
    says: "the connections to one coordinator are gone at its end, and agents and peers hear nothing of it",
    promise: "agents come back within their term; what they ran there may be started again",
    boundMs: 20_000,
    patienceMs: 150_000,
    terms: "short",
    async apply(scene) {
      const [victim] = victimOf(scene);
      const before = victim.front.met;
      // Its end of the sessions is silent for longer than their term: what they held may be lost.
      for (const { name } of scene.system.agents) scene.disturb(name);
      victim.front.halve();
      return {
        parts: [victim],
        hold: () => scene.system.whole(),
        heal: async () => {
          for (const { name } of scene.system.agents) scene.calm(name);
        },
        bit: () => (victim.front.met > before ? [`${victim.front.met - before} connections were half open`] : []),
      };
    },
  },
  {
    name: "links-reset",
    says: `every connection of agents and peers is reset, ${RESETS} times under load`,
    promise: "agents are back within 5 s; nothing is lost, nothing is started again",
    boundMs: 5_000,
    patienceMs: 90_000,
    terms: "patient",
    async apply(scene) {
      const { coordinators, whole } = scene.system;
      const met = () => coordinators.reduce((sum, { front }) => sum + front.met, 0);
      const before = met();
      const reset = () => {
        for (const { front } of coordinators) front.reset();
      };
      reset();
      return {
        async hold() {
          for (let round = 1; round < RESETS; round++) {
            await whole();
            await scene.calls(5);
            reset();
          }
        },
        bit: () => (met() > before ? [`${met() - before} connections were reset`] : []),
      };
    },
  },
  {
    name: "database-link-silent",
    says: "nothing passes between one coordinator and Postgres until the other has taken everything over",
    promise: "the other leases its tasks within its term and 5 s; nothing is lost, nothing is started again",
    boundMs: 8_000,
    patienceMs: 120_000,
    terms: "watchful",
    async apply(scene) {
      const [victim, other] = victimOf(scene);
      const before = victim.back.met;
      victim.back.stop();
      const met = victim.back.met;
      return {
        parts: [victim],
        hold: () => untilOwnsAll(scene, other),
        heal: async () => victim.back.flow(),
        bit: () => (met > before ? [`${met - before} connections stood still`] : []),
      };
    },
  },
  {
    name: "database-link-reset",
    says: "every connection between one coordinator and Postgres is reset",
    promise: "it goes on, or the other does, within 5 s; nothing is lost, nothing is started again",
    boundMs: 5_000,
    patienceMs: 90_000,
    terms: "patient",
    async apply(scene) {
      const [victim] = victimOf(scene);
      const before = victim.back.met;
      victim.back.reset();
      return {
        parts: [victim],
        bit: () => (victim.back.met > before ? [`${victim.back.met - before} connections were reset`] : []),
      };
    },
  },
];
