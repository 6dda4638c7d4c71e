import { expect, test } from "@jest/globals";
import { LeasePlaces } from "../../sdk/typescript/worker/lease-places.ts";

const lease = (id: string) => ({ id, fencingToken: 7n });
const [x, y, z] = [lease("x"), lease("y"), lease("z")];

/** Of owner A's session `w_a`: x and y. */
function places(): LeasePlaces<string> {
  const made = new LeasePlaces<string>();
  made.add(x, "w_a", "A");
  made.add(y, "w_a", "A");
  return made;
}

test("of a session that is over everything is named, also what others have adopted or what had moved before", () => {
  const held = places();
  held.leave(x, "A", 100);
  expect(held.announcements(0)).toEqual([{ sessionId: "", held: [x] }]);
  expect(held.adopt(x, "B")).toBe(true);
  expect(held.announcements(0)).toEqual([]);
  held.leaveAll("A", "w_a", 100);
  expect(held.ownerOf("y", 7)).toBeUndefined();
  expect(held.announcements(50)).toEqual([{ sessionId: "w_a", held: [x, y] }]);
  held.adopt(y, "C");
  held.leaveAll("C", "w_c", 150);
  expect(held.announcements(60)).toEqual([
    { sessionId: "w_a", held: [x, y] },
    { sessionId: "w_c", held: [] },
  ]);
});

test("a coordinator that cannot be reached again, and again, changes nothing of what is said of the first session", () => {
  const held = places();
  held.leaveAll("A", "w_a", 100);
  const before = held.announcements(0);
  held.leaveAll("A", "w_b", 200);
  expect(held.announcements(0)).toEqual([...before, { sessionId: "w_b", held: [] }]);
});

test("once it is not worth saying any more of a session, what waits of it is still told", () => {
  const held = places();
  held.leaveAll("A", "w_a", 100);
  held.adopt(x, "B");
  expect(held.announcements(100)).toEqual([{ sessionId: "", held: [y] }]);
});

test("only the owner of a lease, or anybody while it has none, can refuse it", () => {
  const held = places();
  expect(held.refuse(x, "B")).toBe(false);
  expect(held.ownerOf("x", 7n)).toBe("A");
  expect(held.refuse(x, "A")).toBe(true);
  held.leaveAll("A", "w_a", 100);
  expect(held.refuse(y, "B")).toBe(true);
  expect(held.size).toBe(0);
});

test("what nobody adopts is lost when its term is over, and only that", () => {
  const held = places();
  held.add(z, "w_b", "B");
  held.leaveAll("A", "w_a", 100);
  held.adopt(x, "B");
  expect(held.takeLost(99)).toEqual([]);
  expect(held.homeless).toBe(true);
  expect(held.takeLost(100)).toEqual([y]);
  expect([held.homeless, held.size]).toEqual([false, 2]);
});

test("one that was told apart by nobody before is known from its adoption or its absence", () => {
  const held = new LeasePlaces<string>();
  expect(held.adopt(x, "A")).toBe(false);
  held.leave(y, "A", 100);
  held.leave(x, "B", 100);
  expect([held.ownerOf("x", 7), held.ownerOf("y", 7)]).toEqual(["A", undefined]);
  expect([held.isOwned("A"), held.isOwned("B")]).toEqual([true, false]);
});
