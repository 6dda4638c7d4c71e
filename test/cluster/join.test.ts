import { expect, test } from "@jest/globals";
import { Cluster, type ClusterOptions } from "../../coordinator/cluster/cluster.ts";
import { openSegment } from "../../coordinator/engine/open-segment.ts";
import { SegmentMap } from "../../coordinator/engine/segments.ts";
import { ShardSet } from "../../coordinator/engine/shard-set.ts";
import type { EngineState } from "../../coordinator/engine/state.ts";
import { silentLogger } from "../../runtime/logger.ts";

const FIRST = { seg: 1, generation: 1, openedAt: 0, ranges: [{ shard: 0, fromSeq: 1 }] };
const SECOND = { seg: 2, generation: 2, openedAt: 0, ranges: [] };

test("until its own segment is there, a coordinator that joins takes no other's for it", async () => {
  const answers = [Promise.reject(new Error("lost")), Promise.resolve(SECOND)];
  const segments = new SegmentMap();
  const store = { segments: { list: async () => [FIRST], open: () => answers.shift() } };
  const state = { store, segments, shards: new ShardSet(64), clock: { now: () => 0 } } as unknown as EngineState;
  await expect(openSegment(state, true)).rejects.toThrow("lost");
  expect(segments.isOpen).toBe(false);
  await openSegment(state, true);
  expect(segments.open.seg).toBe(2);
});

test("a wake while it looks for the first time is no second look beside it", async () => {
  let looking = 0;
  let looks = 0;
  let wake = () => {};
  const secondLook = Promise.withResolvers<void>();
  const options = {
    shared: {
      async look() {
        expect(++looking).toBe(1);
        if (++looks === 1) for (let times = 0; times < 3; times++) wake();
        await new Promise((resolve) => setImmediate(resolve));
        looking--;
        if (looks === 2) secondLook.resolve();
        return { members: [], shards: [] };
      },
    },
    engine: { state: { shards: [], place: null, stopped: null }, tellCoordinators: () => {} },
    leases: {
      // A call that comes before it has begun suspects a peer.
      hold: async () => cluster.wake(),
      letGo: async () => {},
      held: async () => new Set(),
      wake: () => {},
      onWake(_topic: string, heard: () => void) {
        wake = heard;
        return () => {};
      },
    },
    ...{ member: 1, logger: silentLogger, lookMs: 60_000, silentMs: 1_000 },
  };
  const cluster: Cluster = new Cluster(options as unknown as ClusterOptions);
  await cluster.start();
  // What was asked for meanwhile is done next, without waiting for its time.
  await secondLook.promise;
  await cluster.close();
  expect(looks).toBe(2);
});
