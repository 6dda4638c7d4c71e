import { expect, test } from "@jest/globals";
import { followPeers } from "../../coordinator/operations/follow-peers.ts";
import { encodeSample, type Sample } from "../../coordinator/stats/sample.ts";
import { TssError } from "../../proto/errors.ts";
import { until } from "../support/until.ts";

/** One that listens to others over streams that a test plays. */
function listener(play: (address: string, cursor: string) => AsyncIterable<{ cursor: string; sample: string }>) {
  const asked: string[] = [];
  const heard: number[] = [];
  const later: { readonly ms: number; readonly run: () => void }[] = [];
  let look: () => void = () => {};
  const living = ["one", "two"];
  const end = followPeers(
    { others: { hear: ({ owner }: Sample) => void heard.push(owner) } as never },
    { others: () => living },
    {
      stream: ((address: string, _method: unknown, { cursor }: { cursor: string }) => {
        asked.push(`${address} after ${cursor || "nothing"}`);
        return play(address, cursor);
      }) as never,
    },
    {
      after: (ms, run) => {
        later.push({ ms, run });
        return () => {};
      },
      every: (_ms, run) => {
        look = run;
        return () => {};
      },
      nextTurn: () => {},
    },
  );
  return { asked, heard, later, living, look: () => look(), end };
}

const noWorkers = { pools: new Map(), everywhere: { workers: 0, slots: 0, slotsUsed: 0 }, byQueue: new Map() };
const sampleOf = (owner: number): string => {
  const workers = { ...noWorkers, silentMs: 0, silent: "" };
  return encodeSample({
    ...{ owner, now: 0, begins: false, cells: [], store: undefined, queues: [], streaming: workers, polling: workers },
    ...{ failures: [], marks: [], problem: { problem: "", awayMs: 0 } },
  });
};

test("each other coordinator is listened to once, and after its stream broke from where it was", async () => {
  const { asked, heard, later, look } = listener(async function* (address) {
    yield { cursor: `${address}.1`, sample: sampleOf(address === "one" ? 1 : 2) };
    throw new TssError("UNAVAILABLE", "It is gone.", { reason: "PEER_GONE" });
  });
  look();
  look();
  await until("both to break off", () => later.length === 2);
  expect([asked, heard.sort()]).toEqual([
    ["one after nothing", "two after nothing"],
    [1, 2],
  ]);
  look();
  expect(asked).toHaveLength(2);
  expect(later.map(({ ms }) => ms)).toEqual([1_000, 1_000]);
  for (const { run } of later.splice(0)) run();
  look();
  expect(asked.slice(2)).toEqual(["one after one.1", "two after two.1"]);
});

test.each([
  [
    "does not know the call",
    () => {
      throw new TssError("UNIMPLEMENTED", "No such method.");
    },
  ],
  ["speaks another tongue", () => ({ cursor: "1", sample: "{}" })],
])("one that %s is left alone for a minute", async (_, answer) => {
  const { asked, heard, later, living, look, end } = listener(async function* () {
    yield answer();
  });
  living.pop();
  look();
  await until("it to break off", () => later.length === 1);
  expect([asked.length, heard, later[0]?.ms]).toEqual([1, [], 60_000]);
  end();
});
