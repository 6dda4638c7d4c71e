import { create } from "@bufbuild/protobuf";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { newItem } from "../../coordinator/engine/item.ts";
import { Lane } from "../../coordinator/engine/lanes.ts";
import { listLane, newProfile, nextLane, profileKey, unlistLane } from "../../coordinator/engine/profile.ts";
import { writeLaneKey } from "../../coordinator/kernel/lane-key.ts";
import { WorkerInfoSchema } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { headOf } from "../support/task-head.ts";

const NO_NEEDS = { type: "", selector: {}, resources: {} };

function laneOf(id: number, queue = "q", priority = 0, fairness = "", resources = {}): Lane {
  return new Lane(id, writeLaneKey({ queue, priority, fairness, needs: { ...NO_NEEDS, resources }, locks: [] }));
}

test("heads of a lane's shards are merged by age, what came back goes first", () => {
  const tasks = fc.array(fc.record({ shard: fc.nat(4), createdAt: fc.nat(50), back: fc.boolean() }), { maxLength: 60 });
  fc.assert(
    fc.property(tasks, (all) => {
      const lane = laneOf(1);
      const sorted = [...all].sort((a, b) => a.createdAt - b.createdAt);
      const heads = sorted.map((task, index) => ({ ...task, seq: index + 1 }));
      for (const { shard, createdAt, seq, back } of heads) {
        const head = headOf({ shard, createdAt, seq });
        if (back) lane.returned.push(newItem(head, lane, "returned"));
        else lane.window(shard).push(head);
      }
      const expected = [...heads.filter(({ back }) => back), ...heads.filter(({ back }) => !back)];
      const taken: { createdAt: number; shard: number; seq: number }[] = [];
      while (lane.hasHead) {
        const next = lane.nextCreatedAt();
        const task = lane.take();
        const head = task !== null && "head" in task ? task.head : task;
        expect(head?.createdAt).toBe(next);
        taken.push(head!);
      }
      expect(lane.take()).toBeNull();
      expect(lane.nextCreatedAt()).toBe(Number.POSITIVE_INFINITY);
      expect(taken.map(({ createdAt }) => createdAt)).toEqual(expected.map(({ createdAt }) => createdAt));
      // Within a shard the numbers rise.
      const fresh = taken.slice(heads.filter(({ back }) => back).length);
      for (let shard = 0; shard < 5; shard++) {
        const seqs = fresh.filter((head) => head.shard === shard).map(({ seq }) => seq);
        expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
      }
    }),
    { numRuns: 300 },
  );
});

interface Task {
  readonly priority: number;
  readonly queue: string;
  readonly fairness: string;
  readonly gpu: number;
}

const tasks: fc.Arbitrary<Task> = fc.record({
  priority: fc.constantFrom(-128, -1, 0, 0, 0, 5, 127),
  queue: fc.constantFrom("a", "b"),
  fairness: fc.constantFrom("", "x", "y"),
  gpu: fc.constantFrom(0, 0, 0, 1),
});

const worker = create(WorkerInfoSchema, { name: "w", slots: 1, commands: true, resources: { gpu: 1 } });

/** Lanes with their tasks, listed with one profile; tasks come in the order of the array. */
function listed(all: readonly Task[]) {
  const profile = newProfile(profileKey(worker), worker);
  const lanes = new Map<string, Lane>();
  for (const [index, task] of all.entries()) {
    const key = JSON.stringify(task);
    let lane = lanes.get(key);
    if (lane === undefined) {
      lane = laneOf(lanes.size + 1, task.queue, task.priority, task.fairness, task.gpu > 0 ? { gpu: task.gpu } : {});
      lanes.set(key, lane);
    }
    lane.window(0).push(headOf({ seq: index + 1, lane: lane.id, createdAt: index + 1 }));
  }
  for (const lane of lanes.values()) listLane(profile, lane);
  return { profile, lanes: [...lanes.values()] };
}

const group = ({ key }: Lane) => `${key.queue}/${key.fairness}`;

test("the next task is of the highest priority, and of its group the oldest that fits", () => {
  fc.assert(
    fc.property(fc.array(tasks, { maxLength: 80 }), fc.boolean(), (all, gpuFree) => {
      const { profile, lanes } = listed(all);
      const fits = (lane: Lane) => gpuFree || lane.key.needs.resources["gpu"] === undefined;
      let given = 0;
      for (;;) {
        const could = lanes.filter((lane) => lane.hasHead && fits(lane));
        const lane = nextLane(profile, fits, (empty) => unlistLane(profile, empty));
        if (lane === null) {
          expect(could).toEqual([]);
          break;
        }
        expect(could).toContain(lane);
        expect(lane.key.priority).toBe(Math.max(...could.map(({ key }) => key.priority)));
        const rivals = could.filter(
          (other) => other.key.priority === lane.key.priority && group(other) === group(lane),
        );
        expect(lane.nextCreatedAt()).toBe(Math.min(...rivals.map((other) => other.nextCreatedAt())));
        lane.take();
        given++;
      }
      expect(given).toBe(all.filter(({ gpu }) => gpuFree || gpu === 0).length);
    }),
    { numRuns: 500 },
  );
});

test("groups of one priority take turns: while none runs out, none is two ahead of another", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 2, maxLength: 12 });
  fc.assert(
    fc.property(sizes, (counts) => {
      const all = counts.flatMap((count, index) =>
        Array.from({ length: count }, () => ({ priority: 0, queue: "a", fairness: `tenant-${index}`, gpu: 0 })),
      );
      const { profile } = listed(all);
      const served = new Map<string, number>();
      const least = Math.min(...counts);
      for (let turn = 0; turn < least * counts.length; turn++) {
        const lane = nextLane(
          profile,
          () => true,
          (empty) => unlistLane(profile, empty),
        );
        lane?.take();
        served.set(group(lane!), (served.get(group(lane!)) ?? 0) + 1);
        const given = counts.map((_, index) => served.get(`a/tenant-${index}`) ?? 0);
        expect(Math.max(...given) - Math.min(...given)).toBeLessThanOrEqual(1);
      }
    }),
  );
});

/** A group that runs out gives its place to the last one, so that one may wait a turn longer; never more. */
test("whoever waits is served within two rounds, while lanes come and go", () => {
  const steps = fc.array(fc.record({ tenant: fc.nat(9), count: fc.integer({ min: 1, max: 3 }) }), { maxLength: 120 });
  fc.assert(
    fc.property(steps, (all) => {
      const profile = newProfile(profileKey(worker), worker);
      const lanes = Array.from({ length: 10 }, (_, tenant) => laneOf(tenant + 1, "a", 0, `tenant-${tenant}`));
      const on = new Set<Lane>();
      const waited = new Map<Lane, number>();
      let seq = 0;
      for (const { tenant, count } of all) {
        const arriving = lanes[tenant]!;
        for (let more = 0; more < count; more++) {
          seq++;
          arriving.window(0).push(headOf({ seq, lane: arriving.id, createdAt: seq }));
        }
        if (!on.has(arriving)) {
          on.add(arriving);
          waited.set(arriving, 0);
          listLane(profile, arriving);
        }
        const lane = nextLane(
          profile,
          () => true,
          (empty) => {
            on.delete(empty);
            waited.delete(empty);
            unlistLane(profile, empty);
          },
        );
        lane!.take();
        for (const [other, turns] of waited) if (other.hasHead) waited.set(other, other === lane ? 0 : turns + 1);
        for (const turns of waited.values()) expect(turns).toBeLessThanOrEqual(2 * lanes.length);
      }
    }),
    { numRuns: 300 },
  );
});
