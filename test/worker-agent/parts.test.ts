import { once } from "node:events";
import { appendFileSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { LogStream } from "../../proto/gen/tss/v1/task_service_pb.js";
import { watchLease } from "../../sdk/typescript/worker/lease-watch.ts";
import { createControlLines, readControlLine } from "../../worker-agent/executors/command/control-lines.ts";
import { parseStatus } from "../../worker-agent/executors/command/launcher.ts";
import { readPipes } from "../../worker-agent/executors/command/read-pipes.ts";
import { shellProblem } from "../../worker-agent/executors/command/spawn-problem.ts";
import { lockDirectory } from "../../worker-agent/journal/lock.ts";
import { openSpool } from "../../worker-agent/output/spool.ts";
import { identify, stillRuns } from "../../worker-agent/processes/identity.ts";
import { createStop } from "../../worker-agent/stop.ts";
import { cutText, oneLine } from "../../worker-agent/text.ts";
import { temporaryDirectory } from "../support/agent-house.ts";

test("control lines are the same however the bytes are cut", () => {
  const text = '{"progress":1}\n\n{"message":"ä€😀"}\nnot json\n{}\nlast';
  const whole = text
    .split("\n")
    .filter((line) => line !== "")
    .map(readControlLine);
  const bytes = Buffer.from(text);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: bytes.length })), (cuts) => {
      const events: unknown[] = [];
      const lines = createControlLines((event) => events.push(event));
      let start = 0;
      for (const end of [...cuts.sort((a, b) => a - b), bytes.length]) {
        lines.push(bytes.subarray(start, end));
        start = end;
      }
      lines.end();
      expect(events).toEqual(whole);
    }),
  );
});

test("text is cut between characters", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 0, max: 50 }), (text, bytes) => {
      const cut = cutText(text, bytes);
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(bytes);
      expect(text.startsWith(cut)).toBe(true);
    }),
  );
  expect(oneLine("a\n\u001b[31mb\t", 100)).toBe("a [31mb");
});

test.each([
  [127, "nosuch a", "/bin/sh: 1: nosuch: not found", "was not found"],
  [127, "A=1 nosuch a", "sh: nosuch: command not found", "was not found"],
  [126, "./x.sh", "/bin/sh: 1: ./x.sh: Permission denied", "may not execute"],
  [127, "echo a; nosuch", "/bin/sh: 1: nosuch: not found", undefined],
  [1, "nosuch", "/bin/sh: 1: nosuch: not found", undefined],
  [127, "exit 127", "", undefined],
])("exit code %i of %j", (code, line, lastError, expected) => {
  const sentence = shellProblem(code, line, lastError, "hand");
  if (expected === undefined) expect(sentence).toBeUndefined();
  else expect(sentence).toContain(expected);
});

test("a spool reopened after a crash has every whole frame and no part of one", () => {
  const directory = temporaryDirectory();
  const limits = { headBytes: 1_000, tailBytes: 5 * 124 };
  const spool = openSpool(directory, limits);
  const add = (into: typeof spool, offset: number) =>
    into.append({ offset, stream: LogStream.STDERR, at: 5, data: Buffer.alloc(100, offset) });
  for (let offset = 0; offset < 3_000; offset += 100) add(spool, offset);
  spool.close();
  appendFileSync(join(directory, "output.head"), Buffer.alloc(30, 1));
  const again = openSpool(directory, limits);
  expect(again.totalBytes).toBe(3_000);
  let position = 0;
  const head: number[] = [];
  for (let spooled = again.headFrame(0); spooled !== undefined; spooled = again.headFrame(position)) {
    head.push(spooled.frame.offset);
    position = spooled.next;
  }
  expect(head).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
  expect([...again.tailFrames(1_000)].map((frame) => frame.offset)).toEqual([2300, 2400, 2500, 2600, 2700, 2800, 2900]);
  add(again, 3_000);
  expect([...again.tailFrames(1_000)].at(-1)).toMatchObject({ offset: 3_000, stream: LogStream.STDERR });
  again.close();
});

test("a process is known again by its number, its start and the boot", () => {
  const own = identify(process.pid);
  expect(stillRuns(own)).toBe(true);
  expect(stillRuns({ ...own, startTime: "1" })).toBe(false);
  expect(stillRuns({ ...own, bootId: "another" })).toBe(false);
});

test("the lock of a dead process, and a broken one, are taken over", () => {
  const directory = temporaryDirectory();
  const lock = join(directory, "agent.lock");
  for (const stale of [JSON.stringify({ ...identify(process.pid), startTime: "1" }), "{"]) {
    writeFileSync(lock, stale);
    lockDirectory(directory).release();
  }
  const held = lockDirectory(directory);
  expect(() => lockDirectory(directory)).toThrow(/in use by the agent with process id/);
  held.release();
});

test("the first cause of a stop stays, fenced overrides, and the shortest grace counts", () => {
  jest.useFakeTimers();
  try {
    const stop = createStop();
    stop.order("timed_out", 10_000);
    stop.order("aborted", 1_000);
    expect([stop.cause, stop.soft.aborted, stop.hard.aborted]).toEqual(["timed_out", true, false]);
    jest.advanceTimersByTime(1_000);
    expect(stop.hard.aborted).toBe(true);
    stop.order("fenced", 0);
    expect(stop.cause).toBe("fenced");
    stop.close();
  } finally {
    jest.useRealTimers();
  }
});

test("silence is told once at four fifths of the term, and again only after new contact", () => {
  jest.useFakeTimers();
  try {
    let nowMs = 0;
    let heardMs = 0;
    const lost = jest.fn();
    const advance = (milliseconds: number) => {
      for (let passed = 0; passed < milliseconds; passed += 100) {
        nowMs += 100;
        jest.advanceTimersByTime(100);
      }
    };
    const watch = watchLease(
      () => nowMs,
      () => heardMs,
      lost,
    );
    watch.setTerm(15_000);
    advance(11_900);
    heardMs = 10_000;
    advance(10_000);
    expect(lost).not.toHaveBeenCalled();
    advance(200);
    expect(lost).toHaveBeenCalledTimes(1);
    expect(lost).toHaveBeenCalledWith(1_500);
    advance(60_000);
    expect(lost).toHaveBeenCalledTimes(1);
    heardMs = nowMs;
    advance(1_500);
    advance(12_100);
    expect(lost).toHaveBeenCalledTimes(2);
    watch.close();
  } finally {
    jest.useRealTimers();
  }
});

test.each([
  ["exit=3;", 3, undefined],
  [" exit=0;   ", 0, undefined],
  ["exit=137;", 137, undefined],
  ["Killed\nexit=137;", undefined, "SIGKILL"],
  ["sh: line 1: 77 Segmentation fault (core dumped) ( exec )\nexit=139;", undefined, "SIGSEGV"],
  // A shell that warns of something else does not make a signal of every code.
  ["warning\nexit=4;", 4, undefined],
] as const)("a launcher that says %j: %p, %p", (text, exitCode, signal) => {
  expect(parseStatus(text)).toEqual({ exitCode, signal });
});

test.each(["", "   ", "exit=", "exit=13", "Killed\n"])("a launcher that says %j has not said how it ended", (text) => {
  expect(parseStatus(text)).toBeUndefined();
});

test("bytes that wait for the rest of their frame survive the agent, once", () => {
  const directory = temporaryDirectory();
  const limits = { headBytes: 10_000, tailBytes: 1_000 };
  const frame = (offset: number, text: string) => ({
    ...{ offset, stream: LogStream.STDOUT, at: 1 },
    data: Buffer.from(text),
  });
  const spool = openSpool(directory, limits);
  spool.hold(frame(0, "ab"));
  spool.hold(frame(0, "c"));
  spool.append(frame(0, "abc"));
  spool.hold(frame(3, "d"));
  spool.hold(frame(3, "ef"));
  spool.close();
  for (let round = 0; round < 2; round += 1) {
    const again = openSpool(directory, limits);
    const texts = [...again.tailFrames(0)].map(({ offset, data }) => [offset, Buffer.from(data).toString()]);
    expect([again.totalBytes, texts]).toEqual([
      6,
      [
        [0, "abc"],
        [3, "def"],
      ],
    ]);
    again.close();
  }
});

test("pipes that came to their end before anybody read them are at their end", async () => {
  const closed = async () => {
    const socket = new Socket();
    socket.destroy();
    await once(socket, "close");
    return socket;
  };
  const pipes = { stdout: await closed(), stderr: await closed(), control: await closed() };
  const unused = () => {
    throw new Error("nothing was said");
  };
  const voice = { output: unused, progress: unused, message: unused, heartbeat: unused };
  await readPipes(pipes, voice).ended;
});
