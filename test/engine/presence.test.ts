import { expect, test } from "@jest/globals";
import { Presence } from "../../coordinator/cluster/presence.ts";
import type { Leases } from "../../coordinator/ports/leases.ts";
import type { Timers } from "../../runtime/timers.ts";
import { until } from "../support/until.ts";

/** Leases that tell what they were asked. */
function toldLeases() {
  const said: string[] = [];
  const leases: Leases = {
    ttlMs: 1_000,
    hold: async (name) => void said.push(`hold ${name}`),
    letGo: async (name) => void said.push(`let go ${name}`),
    held: async () => new Set(),
    wake: () => {},
    onWake: () => () => {},
    close: async () => {},
  };
  return { leases, said };
}

/** Timers that fire when the test says so. */
function heldTimers() {
  let beat = () => {};
  let late = () => {};
  const timers: Timers = {
    every(_ms, run) {
      beat = run;
      return () => {};
    },
    after(_ms, run) {
      late = run;
      return () => {
        late = () => {};
      };
    },
    nextTurn: (run) => void setImmediate(run),
  };
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  /** And what follows of it at once. */
  const beatOnce = async () => {
    beat();
    await turn();
  };
  return { timers, beat: beatOnce, late: () => late() };
}

test.each(["silent", "away"])(
  "a coordinator whose database is %s gives its lease up, and takes it again after it",
  async (how) => {
    const { leases, said } = toldLeases();
    const { timers, beat, late } = heldTimers();
    let answers = true;
    let release = () => {};
    const ask = async () => {
      if (answers) return;
      if (how === "away") throw new Error("it cannot be reached");
      await new Promise<void>((resolve) => {
        release = resolve;
      });
    };
    const presence = new Presence({ leases, name: "c", ask, silentMs: 60, timers });
    await presence.begin();
    await beat();
    expect(said).toEqual(["hold c"]);
    answers = false;
    await beat();
    late();
    await until("it to be given up", () => said.length === 2);
    answers = true;
    release();
    await beat();
    await beat();
    await until("it to be taken again", () => said.length === 3);
    await presence.end();
    expect(said).toEqual(["hold c", "let go c", "hold c", "let go c"]);
  },
);
