import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Candidate, type Owned, ownerOf, planShards } from "../../coordinator/kernel/plan-shards.ts";

const SHARDS = 64;
const living = (...members: number[]): Candidate[] =>
  members.map((member) => ({ member, alive: true, leaving: false }));
const unowned = (): Owned[] => Array.from({ length: SHARDS }, (_, shard) => ({ shard, member: 0 }));

/** Members act one after another on what they see until nothing moves; gives who owns what. */
function settle(members: readonly Candidate[], shards: Owned[]): Owned[] {
  for (let round = 0; round < 3; round++)
    for (const { member, alive } of members) {
      if (!alive) continue;
      const { release, take } = planShards(member, members, shards);
      for (const { shard, from } of take) {
        if (shards[shard]?.member !== from) throw new Error(`shard ${shard} was not seen with ${from}`);
        shards[shard] = { shard, member };
      }
      for (const shard of release) {
        if (shards[shard]?.member !== member) throw new Error(`shard ${shard} is not ${member}'s to give`);
        shards[shard] = { shard, member: 0 };
      }
    }
  return shards;
}

const someMembers = fc.uniqueArray(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 8 });

test("from any state every shard comes to the one living member that should have it", () => {
  fc.assert(
    fc.property(
      someMembers,
      fc.array(fc.constantFrom("alive", "leaving", "dead"), { minLength: 8, maxLength: 8 }),
      fc.array(fc.nat(9), { minLength: SHARDS, maxLength: SHARDS }),
      (numbers, states, owners) => {
        const members = numbers.map((member, at) => ({
          member,
          alive: at === 0 || states[at] !== "dead",
          leaving: at !== 0 && states[at] === "leaving",
        }));
        const before = owners.map((at, shard) => ({ shard, member: numbers[at] ?? 0 }));
        const staying = members.filter((one) => one.alive && !one.leaving).map(({ member }) => member);
        expect(settle(members, before).filter(({ shard, member }) => member !== ownerOf(shard, staying))).toEqual([]);
      },
    ),
  );
});

test("nothing is taken from a member that lives", () => {
  fc.assert(
    fc.property(someMembers, fc.array(fc.nat(7), { minLength: SHARDS, maxLength: SHARDS }), (numbers, owners) => {
      const shards = owners.map((at, shard) => ({ shard, member: numbers[at % numbers.length] as number }));
      expect(numbers.flatMap((self) => planShards(self, living(...numbers), shards).take)).toEqual([]);
    }),
  );
});

test("a member that comes takes only its own share, and one that goes leaves only its own", () => {
  fc.assert(
    fc.property(someMembers, fc.integer({ min: 100_001, max: 200_000 }), (numbers, joining) => {
      const before = settle(living(...numbers), unowned());
      const after = settle(living(...numbers, joining), [...before]);
      const moved = after.filter(({ member }, shard) => member !== before[shard]?.member);
      expect(moved.filter(({ member }) => member !== joining)).toEqual([]);
      expect(
        settle(
          living(...numbers),
          after.map((one) => (one.member === joining ? { ...one, member: 0 } : one)),
        ),
      ).toEqual(before);
    }),
  );
});

test("shares are even enough: of two or three members each has its part within a third", () => {
  for (const count of [2, 3]) {
    const most = Array.from({ length: 50 }, (_, base) => {
      const owners = settle(living(...Array.from({ length: count }, (_, at) => base * 7 + at + 1)), unowned());
      const shares = new Map<number, number>();
      for (const { member } of owners) shares.set(member, (shares.get(member) ?? 0) + 1);
      return Math.max(...shares.values());
    });
    const mean = most.reduce((sum, one) => sum + one, 0) / most.length;
    expect(mean).toBeLessThan((SHARDS / count) * 1.34);
  }
});
