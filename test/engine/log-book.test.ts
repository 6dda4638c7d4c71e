import { expect, test } from "@jest/globals";
import { LogBook, type LogProgress } from "../../coordinator/engine/log-book.ts";
import type { LogChunk } from "../../coordinator/ports/blobs.ts";
import { silentLogger } from "../../runtime/logger.ts";
import { memoryBlobs } from "../support/engine-house.ts";

const REF = { shard: 0, lane: 1, seq: 5 };
const LIMIT = 1_000;

function chunk(offset: number, size: number, elided = 0): LogChunk {
  return { ref: REF, attempt: 1, offset, stream: 1, at: 1, data: Buffer.alloc(size, 97), elided };
}

function open() {
  const logs = new LogBook(memoryBlobs(), LIMIT, silentLogger);
  const append = (piece: LogChunk) => new Promise<LogProgress>((resolve) => logs.append(piece, resolve));
  const keptBytes = async (written: number) => logs.keptBytes(REF, 1, written);
  const kept = async () => (await logs.read(REF, 1, 0, 1e9)).reduce((sum, { data }) => sum + data.length, 0);
  return { logs, append, kept, keptBytes };
}

test("output is acknowledged once it is kept, a repeat again, a gap with what is wanted", async () => {
  const { append, kept } = open();
  expect(await append(chunk(0, 100))).toEqual({ offset: 100, full: false });
  expect(await append(chunk(0, 100))).toEqual({ offset: 100, full: false });
  expect(await append(chunk(150, 10))).toEqual({ offset: 100, full: false });
  expect(await kept()).toBe(100);
});

test("past the limit the worker is told, and its last part is kept whether or not it left anything out", async () => {
  const { append, kept } = open();
  expect(await append(chunk(0, LIMIT))).toEqual({ offset: LIMIT, full: true });
  expect(await append(chunk(LIMIT, 500))).toEqual({ offset: LIMIT + 500, full: true });
  expect(await kept()).toBe(LIMIT + 500);
  expect(await append(chunk(900_000, 50, 898_500))).toEqual({ offset: 900_050, full: true });
  expect(await append(chunk(900_050, 50))).toEqual({ offset: 900_100, full: true });
  expect(await kept()).toBe(LIMIT + 600);
});

test("a worker that does not stop is not kept beyond limit and tail", async () => {
  const { append, kept } = open();
  let offset = 0;
  for (let piece = 0; piece < 20; piece++) offset = (await append(chunk(offset, 64 * 1024))).offset;
  expect(await kept()).toBeLessThanOrEqual(LIMIT + 256 * 1024 + 64 * 1024);
});

test("after a restart output goes on where it was acknowledged", async () => {
  const { append } = open();
  expect(await append(chunk(5_000, 10))).toEqual({ offset: 5_010, full: true });
});

test("how much of what was written is kept is known at once, and looked up when it came to an owner before", async () => {
  const { logs, append, kept, keptBytes } = open();
  expect(logs.keptBytes(REF, 1, 0)).toBe(0);
  await append(chunk(0, LIMIT));
  await append(chunk(900_000, 50, 900_000 - LIMIT));
  expect(logs.keptBytes(REF, 1, 900_050)).toBe(LIMIT + 50);
  logs.forget(REF, 1);
  expect(await keptBytes(900_050)).toBe(LIMIT + 50);
  expect(await kept()).toBe(LIMIT + 50);
});

test("an owner that gets only the tail counts what an owner before has acknowledged", async () => {
  const { append, keptBytes } = open();
  await append(chunk(900_000, 50, 900_000 - LIMIT));
  expect(await keptBytes(900_050)).toBe(LIMIT + 50);
});
