import { expect, test } from "@jest/globals";
import { takeSnapshot } from "../../coordinator/snapshot.ts";
import { queueView, systemView } from "../support/system-view.ts";

/** What Prometheus is told of the slots of a queue; it adds up what the coordinators say. */
function slotsOf(own: { used: number }, whole: { used: number }, board: { isAlone: boolean; isHost: boolean }) {
  const viewOf = (slotsUsed: number) => systemView({ queues: [queueView({ queue: "mail", slots: 20, slotsUsed })] });
  const stats = {
    ownView: () => viewOf(own.used),
    board: { ...board, view: viewOf(whole.used), feed: { watchers: 0 } },
  };
  const state = { sessions: new Map(), shards: [], changes: new Set(), storeProblem: null };
  const [queue] = takeSnapshot(state as never, stats as never).queues;
  return [queue?.slotsUsed, queue?.slotsFree];
}

test("the slots of a queue add up to what there is, of one coordinator and of several", () => {
  expect(slotsOf({ used: 6 }, { used: 6 }, { isAlone: true, isHost: true })).toEqual([6, 14]);
  expect(slotsOf({ used: 6 }, { used: 10 }, { isAlone: false, isHost: true })).toEqual([6, 10]);
  expect(slotsOf({ used: 4 }, { used: 10 }, { isAlone: false, isHost: false })).toEqual([4, 0]);
});
