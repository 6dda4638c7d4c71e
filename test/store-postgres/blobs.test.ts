import { expect, test } from "@jest/globals";
import pg from "pg";
import { postgresBlobs } from "../../coordinator/plugins/store-postgres/blobs-postgres.ts";
import type { Blobs, LogChunk } from "../../coordinator/ports/blobs.ts";
import { freshDatabase } from "../support/database.ts";

const DAY = 86_400_000;
const NOON = Date.UTC(2026, 5, 15, 12);

function chunk(seq: number, offset: number, text: string, fields: Partial<LogChunk> = {}): LogChunk {
  const ref = { shard: 3, lane: 7, seq };
  return { ref, attempt: 1, offset, stream: 1, at: NOON, data: Buffer.from(text), elided: 0, ...fields };
}

async function withBlobs(body: (blobs: Blobs, leaves: () => Promise<number>) => Promise<void>): Promise<void> {
  const url = await freshDatabase();
  const blobs = await postgresBlobs(url);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const leaves = async () =>
    (await client.query("SELECT FROM pg_inherits WHERE inhparent = 'tss_log'::regclass")).rowCount ?? 0;
  try {
    await body(blobs, leaves);
  } finally {
    await client.end();
    await blobs.close();
  }
}

const text = (chunks: readonly LogChunk[]) => chunks.map((one) => Buffer.from(one.data).toString());

test("chunks come back in order, from an offset, until so many bytes", () =>
  withBlobs(async (blobs) => {
    const odd = chunk(1, 6, "ghi", { stream: 2, elided: 40, data: Uint8Array.of(0, 255, 7) });
    await blobs.append([
      chunk(1, 3, "def"),
      chunk(1, 0, "abc"),
      odd,
      chunk(2, 0, "other"),
      chunk(1, 0, "again", { attempt: 2 }),
    ]);
    const { ref } = chunk(1, 0, "");
    expect(text(await blobs.read(ref, 1, 0, 6))).toEqual(["abc", "def"]);
    expect(text(await blobs.read(ref, 1, 0, 1))).toEqual(["abc"]);
    expect(text(await blobs.read(ref, 1, 2, 1))).toEqual(["abc"]);
    expect(text(await blobs.read(ref, 1, 3, 1))).toEqual(["def"]);
    expect(await blobs.read(ref, 1, 6, 100)).toEqual([{ ...odd, data: Buffer.from(odd.data) }]);
    expect(await blobs.read(ref, 1, 9, 100)).toEqual([]);
    expect(await blobs.read({ ...ref, lane: 8 }, 1, 0, 100)).toEqual([]);
    expect(text(await blobs.read(ref, 2, 0, 100))).toEqual(["again"]);
    await blobs.append([]);
  }));

test("a chunk that is there is left as it is, also on another day", () =>
  withBlobs(async (blobs) => {
    await blobs.append([chunk(1, 0, "first"), chunk(1, 0, "twin")]);
    await blobs.append([chunk(1, 0, "other"), chunk(1, 5, "more", { at: NOON + DAY })]);
    await blobs.append([chunk(1, 0, "third", { at: NOON + DAY })]);
    expect(text(await blobs.read(chunk(1, 0, "").ref, 1, 0, 1_000))).toEqual(["first", "more"]);
    await blobs.append([chunk(1, 0, "first mo", { at: NOON + DAY })]);
    expect(text(await blobs.read(chunk(1, 0, "").ref, 1, 0, 1_000)).join("")).toBe("first moe");
  }));

test("thousands of small chunks and chunks of full size are read whole", () =>
  withBlobs(async (blobs) => {
    await blobs.append(Array.from({ length: 1_203 }, (_, i) => chunk(1, i, "x")));
    expect(await blobs.read(chunk(1, 0, "").ref, 1, 0, 1 << 20)).toHaveLength(1_203);
    expect(await blobs.read(chunk(1, 0, "").ref, 1, 0, 700)).toHaveLength(700);
    const full = new Uint8Array(64 * 1024).map((_, i) => i * 7);
    await blobs.append([chunk(2, 0, "", { data: full }), chunk(2, full.length, "", { data: full })]);
    const read = await blobs.read(chunk(2, 0, "").ref, 1, full.length - 1, 1);
    expect(read).toHaveLength(1);
    expect(Buffer.compare(read[0]!.data, full)).toBe(0);
  }));

test("output whose newest chunk is old goes, bytes counted; what still grows stays whole", () =>
  withBlobs(async (blobs, leaves) => {
    await blobs.append([
      chunk(1, 0, "old"),
      chunk(1, 3, "older", { at: NOON - DAY }),
      chunk(2, 0, "begun", { at: NOON - DAY }),
      chunk(2, 5, "grows", { at: NOON + 10 }),
      chunk(3, 0, "young", { at: NOON + 10 }),
    ]);
    expect(await blobs.prune(NOON)).toBe(0);
    expect(await blobs.prune(NOON + 1)).toBe(8);
    expect(await blobs.prune(NOON + 1)).toBe(0);
    const left = async (seq: number) => text(await blobs.read(chunk(seq, 0, "").ref, 1, 0, 1_000));
    expect(await left(1)).toEqual([]);
    expect(await left(2)).toEqual(["begun", "grows"]);
    expect(await left(3)).toEqual(["young"]);
    expect(await leaves()).toBe(2);
    expect(await blobs.prune(NOON + 5 * DAY)).toBe(15);
    expect(await leaves()).toBe(0);
    await blobs.append([chunk(4, 0, "again")]);
    expect(await left(4)).toEqual(["again"]);
  }));
