import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { AttemptOutcome } from "../../proto/gen/tss/v1/task_pb.js";
import type { LogReport } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { leave, openHouse } from "../support/agent-house.ts";

const MIB = 1024 * 1024;

/** Lines of eight bytes that tell their own place. */
const COUNTER = (bytes: number) => `seq -f %07.0f 0 ${bytes / 8 - 1}`;

function expectedBytes(offset: number, length: number): Buffer {
  const first = Math.floor(offset / 8);
  const lines = Array.from({ length: Math.ceil(length / 8) + 1 }, (_, index) => String(first + index).padStart(7, "0"));
  return Buffer.from(`${lines.join("\n")}\n`).subarray(offset - first * 8, offset - first * 8 + length);
}

/** Every chunk says its true place, and what is missing before it. Returns the end of the last one. */
function checkChunks(logs: readonly LogReport[], from = 0): number {
  let expected = from;
  for (const log of logs) {
    expect(Number(log.offset)).toBe(expected + Number(log.elidedBytes));
    expect(log.data.length).toBeLessThanOrEqual(64 * 1024);
    expect(Buffer.from(log.data).equals(expectedBytes(Number(log.offset), log.data.length))).toBe(true);
    expected = Number(log.offset) + log.data.length;
  }
  return expected;
}

test("10 MB of output arrive whole and in order when nobody limits them", async () => {
  const { agent, coordinator } = await openHouse({ settings: { TSS_LOG_LIMIT: "32MiB" } });
  const given = coordinator.lease({ command: COUNTER(10 * MIB) });
  const report = await coordinator.outcome(given);
  await leave(agent);
  expect(report.outputBytes).toBe(BigInt(10 * MIB));
  expect(checkChunks(coordinator.logs(given))).toBe(10 * MIB);
});

test("past TSS_LOG_LIMIT the head stays, the middle is left out and said so, and the tail comes at the end", async () => {
  const { agent, coordinator } = await openHouse({ settings: { TSS_LOG_LIMIT: "1MiB" } });
  const given = coordinator.lease({ command: COUNTER(10 * MIB) });
  const report = await coordinator.outcome(given);
  await leave(agent);
  expect(report.outputBytes).toBe(BigInt(10 * MIB));
  const logs = coordinator.logs(given);
  expect(checkChunks(logs)).toBe(10 * MIB);
  const gaps = logs.filter((log) => log.elidedBytes > 0n);
  expect(gaps).toHaveLength(1);
  const tail = 10 * MIB - Number(gaps[0]?.offset);
  expect(tail).toBeGreaterThan(192 * 1024);
  expect(tail).toBeLessThanOrEqual(320 * 1024);
});

test("when the coordinator has enough, only the tail follows, counted from what it kept", async () => {
  const { agent, coordinator } = await openHouse({ settings: { TSS_LOG_LIMIT: "32MiB" } });
  coordinator.logLimit = 100_000;
  const given = coordinator.lease({ command: COUNTER(10 * MIB) });
  await coordinator.outcome(given);
  await leave(agent);
  const logs = coordinator.logs(given);
  const gap = logs.find((log) => log.elidedBytes > 0n);
  expect(Number(gap?.offset)).toBe(100_000 + Number(gap?.elidedBytes));
  expect(checkChunks(logs.slice(logs.indexOf(gap as LogReport)), 100_000)).toBe(10 * MIB);
});

test("a coordinator that says nothing holds up neither the command nor the disk", async () => {
  const { coordinator, directory } = await openHouse({ settings: { TSS_LOG_LIMIT: "1MiB" } });
  coordinator.answering.logs = false;
  const given = coordinator.lease({ command: `${COUNTER(10 * MIB)}; echo over >&3; while :; do sleep 0.01; done` });
  await coordinator.until(() => coordinator.progress(given).some((report) => report.messages.includes("over")));
  const path = join(directory, "attempts", `${given.id}.${given.fencingToken}`);
  const spooled = readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
  expect(spooled).toBeLessThanOrEqual(2 * MIB);
  // At most the window and one frame went out without an acknowledgement, though the same may go out again.
  const ends = coordinator.logs(given).map(({ offset, data }) => Number(offset) + data.length);
  expect(Math.max(...ends)).toBeLessThanOrEqual(MIB + 64 * 1024);
});

test("after a reconnect what was not acknowledged is sent again, and nothing else", async () => {
  const { agent, coordinator } = await openHouse();
  coordinator.answering.logs = false;
  const given = coordinator.lease({
    command: `${COUNTER(MIB / 2)}; read x < /proc/self/fd/0; while [ ! -e "$TSS_OUTPUT" ]; do sleep 0.01; done`,
  });
  await coordinator.until(() => coordinator.output(given).length === MIB / 2);
  const before = coordinator.logs(given).length;
  const kept = coordinator.logs(given)[2];
  const keptEnd = Number(kept?.offset) + (kept?.data.length ?? 0);
  coordinator.acknowledgeLog(given, keptEnd);
  coordinator.answering.logs = true;
  coordinator.reconnect();
  const again = coordinator.logs(given).slice(before);
  expect(checkChunks(again, keptEnd)).toBe(MIB / 2);
  await agent.close();
});

test("bytes that are no text come through as they are", async () => {
  const { agent, coordinator } = await openHouse();
  const given = coordinator.lease({
    command: `i=0; while [ $i -lt 256 ]; do printf "\\\\$(printf %o $i)"; i=$((i+1)); done`,
  });
  await coordinator.outcome(given);
  await leave(agent);
  expect(coordinator.output(given)).toEqual(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
});

test("a live command is heard while it runs", async () => {
  const { coordinator } = await openHouse();
  const given = coordinator.lease({ command: "echo first; sleep 1000" });
  await coordinator.until(() => coordinator.output(given).toString() === "first\n");
  expect(coordinator.outcomes).toEqual([]);
});

test("a flood on descriptor 3 is put together and never ends the agent", async () => {
  const { agent, coordinator } = await openHouse();
  const given = coordinator.lease({
    command: `seq -f '{"progress":%.0f}' 1 100 >&3; seq 1 50000 >&3; head -c 1000000 /dev/zero | tr '\\0' x >&3; echo >&3`,
  });
  expect((await coordinator.outcome(given)).outcome).toBe(AttemptOutcome.SUCCEEDED);
  await leave(agent);
  const messages = coordinator.progress(given).map((report) => report.messages);
  for (const batch of messages) expect(batch.length).toBeLessThanOrEqual(100);
  expect(messages.flat().at(-1)).toBe("x".repeat(4096));
});
