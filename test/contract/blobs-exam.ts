import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Blobs, LogChunk } from "../../coordinator/ports/blobs.ts";

const REF = { shard: 3, lane: 2 ** 32 - 1, seq: 2 ** 53 - 1 };

function chunk(offset: number, text: string | Uint8Array, more: Partial<LogChunk> = {}): LogChunk {
  return { ref: REF, attempt: 1, offset, stream: 1, at: 1_000, data: Buffer.from(text), elided: 0, ...more };
}

/** What every blobs plugin must show. */
export function blobsExam(name: string, open: () => Promise<{ blobs: Blobs; reopen(): Promise<Blobs> }>): void {
  describe(`blobs: ${name}`, () => {
    let blobs: Blobs;
    let reopen: () => Promise<Blobs>;
    beforeEach(async () => {
      ({ blobs, reopen } = await open());
    });
    afterEach(() => blobs.close());

    const text = async (offset = 0, attempt = 1, maxBytes = 1_000_000) =>
      (await blobs.read(REF, attempt, offset, maxBytes)).map(({ data }) => Buffer.from(data).toString()).join("|");

    test("chunks come back in order, with everything they came with", async () => {
      await blobs.append([chunk(0, "one"), chunk(3, Buffer.from([0, 255, 10]), { stream: 2, at: 2_000 })]);
      await blobs.append([chunk(100, "tail", { elided: 94 })]);
      const read = await blobs.read(REF, 1, 0, 1_000);
      expect(read.map(({ offset, stream, at, elided }) => [offset, stream, at, elided])).toEqual([
        [0, 1, 1_000, 0],
        [3, 2, 2_000, 0],
        [100, 1, 1_000, 94],
      ]);
      expect(Buffer.from(read[1]!.data)).toEqual(Buffer.from([0, 255, 10]));
    });

    test("reading begins with the chunk that holds the offset, and stops at the limit with at least one chunk", async () => {
      await blobs.append([chunk(0, "aaaa"), chunk(4, "bbbb"), chunk(8, "cccc")]);
      expect(await text(5)).toBe("bbbb|cccc");
      expect(await text(4)).toBe("bbbb|cccc");
      expect(await text(12)).toBe("");
      expect(await text(0, 1, 1)).toBe("aaaa");
      expect(await text(0, 1, 8)).toBe("aaaa|bbbb");
    });

    test("a chunk sent twice is kept once; attempts and tasks are apart", async () => {
      await blobs.append([chunk(0, "first")]);
      await blobs.append([chunk(0, "first"), chunk(5, "second")]);
      await blobs.append([chunk(0, "other", { attempt: 2 }), chunk(0, "task", { ref: { ...REF, seq: 7 } })]);
      expect(await text()).toBe("first|second");
      expect(await text(0, 2)).toBe("other");
    });

    test("what was kept outlives the process", async () => {
      await blobs.append([chunk(0, "kept")]);
      await blobs.close();
      blobs = await reopen();
      await blobs.append([chunk(0, "kept"), chunk(4, "on")]);
      expect(await text()).toBe("kept|on");
    });

    test("a chunk of 64 KiB and a thousand small ones", async () => {
      await blobs.append([chunk(0, Buffer.alloc(65_536, 7))]);
      await blobs.append(Array.from({ length: 1_000 }, (_, index) => chunk(65_536 + index, "x")));
      let offset = 0;
      let bytes = 0;
      for (;;) {
        const page = await blobs.read(REF, 1, offset, 100_000);
        if (page.length === 0) break;
        for (const { data } of page) bytes += data.length;
        offset = page.at(-1)!.offset + page.at(-1)!.data.length;
      }
      expect(bytes).toBe(66_536);
    });

    test("an attempt whose newest chunk is old is pruned", async () => {
      await blobs.append([chunk(0, "old")]);
      expect(await blobs.prune(0)).toBe(0);
      expect(await text()).toBe("old");
      expect(await blobs.prune(Date.now() + 60_000)).toBeGreaterThanOrEqual(3);
      expect(await text()).toBe("");
    });
  });
}
