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

    test("a longer chunk at a place that is taken adds what was missing, a shorter one takes nothing away", async () => {
      await blobs.append([chunk(0, "abc")]);
      await blobs.append([chunk(0, "abcdef"), chunk(0, "ab"), chunk(6, "ghi"), chunk(0, "abcd")]);
      expect((await text()).replaceAll("|", "")).toBe("abcdefghi");
    });

    test("chunks that overlap give each byte once, whatever order they came in", async () => {
      await blobs.append([chunk(4, "efgh"), chunk(0, "abcdef")]);
      await blobs.append([chunk(2, "cd"), chunk(8, "ij"), chunk(6, "ghijkl")]);
      expect((await text()).replaceAll("|", "")).toBe("abcdefghijkl");
      const pages: string[] = [];
      for (let offset = 0; ; ) {
        const page = await blobs.read(REF, 1, offset, 1);
        if (page.length === 0) break;
        for (const { offset: at, data } of page) {
          pages.push(
            Buffer.from(data)
              .subarray(Math.max(offset - at, 0))
              .toString(),
          );
          offset = at + data.length;
        }
      }
      expect(pages.join("")).toBe("abcdefghijkl");
    });

    test("an attempt without output is empty, and nothing may be appended", async () => {
      await blobs.append([]);
      expect(await blobs.read(REF, 9, 0, 100)).toEqual([]);
      expect(await blobs.prune(Date.now())).toBe(0);
    });

    test("text that packs well, bytes that do not, and a chunk of every small size come back", async () => {
      const noise = Buffer.from(Array.from({ length: 60_000 }, (_, i) => (i * i * 2_654_435_761) >>> 13));
      const pieces = [Buffer.from("line of text\n".repeat(4_000)), noise];
      for (let size = 1; size < 300; size++) pieces.push(Buffer.alloc(size, size));
      let offset = 0;
      const chunks = pieces.map((piece) => {
        offset += piece.length;
        return chunk(offset - piece.length, piece);
      });
      await blobs.append(chunks);
      let at = 0;
      const read: Buffer[] = [];
      while (at < offset) {
        const page = await blobs.read(REF, 1, at, 1_000_000);
        for (const { data } of page) read.push(Buffer.from(data));
        at = page.at(-1)!.offset + page.at(-1)!.data.length;
      }
      expect(Buffer.concat(read).equals(Buffer.concat(pieces))).toBe(true);
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

    test("retention goes by the newest chunk of each attempt, in the worker's time", async () => {
      await blobs.append([chunk(0, "a", { at: 9_000 }), chunk(1, "b", { at: 1_000 })]);
      await blobs.append([chunk(0, "other", { attempt: 2, at: 2_000 })]);
      expect(await blobs.prune(2_000)).toBe(0);
      expect(await blobs.prune(9_000)).toBeGreaterThan(0);
      expect(await text(0, 2)).toBe("");
      expect((await text()).replaceAll("|", "")).toBe("ab");
      expect(await blobs.prune(9_001)).toBeGreaterThan(0);
      expect(await text()).toBe("");
      await blobs.append([chunk(0, "again")]);
      expect(await text()).toBe("again");
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
