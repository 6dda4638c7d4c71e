import { expect, jest, test } from "@jest/globals";
import { LogStream } from "../../proto/gen/tss/v1/task_service_pb.js";
import { createShipper } from "../../worker-agent/output/shipper.ts";
import { openSpool } from "../../worker-agent/output/spool.ts";
import { closeLater, temporaryDirectory } from "../support/agent-house.ts";

const KIB = 1024;

/** A spool with frames of 64 KiB, and what was sent of it as [offset, elided]. */
function shipping(frames: number, headBytes = 64 * 1024 * KIB) {
  const spool = openSpool(temporaryDirectory(), { headBytes, tailBytes: 256 * KIB });
  const said: [offset: number, elided: number][] = [];
  const shipper = createShipper(spool, (frame, elided) => said.push([frame.offset / KIB, elided / KIB]));
  const add = (count: number): void => {
    for (let index = 0; index < count; index += 1) {
      const frame = { offset: spool.totalBytes, stream: LogStream.STDOUT, at: 0, data: new Uint8Array(64 * KIB) };
      spool.append(frame);
    }
    shipper.pump();
  };
  closeLater(() => {
    shipper.close();
    spool.close();
  });
  add(frames);
  return { shipper, said, add };
}

test("at most 1 MiB is on its way; an acknowledgement makes room", () => {
  const { shipper, said } = shipping(40);
  expect(said).toHaveLength(16);
  shipper.acknowledge(128 * KIB, false);
  expect(said).toHaveLength(18);
});

test("a chunk the coordinator dropped is sent again with all behind it, once for any number of complaints", () => {
  const { shipper, said } = shipping(4);
  shipper.acknowledge(64 * KIB, false);
  said.length = 0;
  shipper.acknowledge(64 * KIB, false);
  shipper.acknowledge(64 * KIB, false);
  expect(said).toEqual([
    [64, 0],
    [128, 0],
    [192, 0],
  ]);
  shipper.acknowledge(256 * KIB, false);
  said.length = 0;
  shipper.acknowledge(256 * KIB, false);
  expect(said).toEqual([]);
});

test("what nobody acknowledges is repeated after 5 s, and nothing when all is kept", () => {
  jest.useFakeTimers();
  try {
    const { shipper, said } = shipping(2);
    jest.advanceTimersByTime(5_000);
    expect(said.map(([offset]) => offset)).toEqual([0, 64, 0, 64]);
    shipper.acknowledge(128 * KIB, false);
    jest.advanceTimersByTime(60_000);
    expect(said).toHaveLength(4);
  } finally {
    jest.useRealTimers();
  }
});

test("after `full` nothing goes until the end, then the newest 256 KiB with what is missing before them", async () => {
  const { shipper, said, add } = shipping(4);
  shipper.acknowledge(128 * KIB, true);
  said.length = 0;
  add(20);
  expect(said).toEqual([]);
  shipper.finish();
  expect(said[0]?.[0]).toBe(128 + (said[0]?.[1] ?? 0));
  expect(said.at(-1)?.[0]).toBe(23 * 64);
  await shipper.sent;
  shipper.acknowledge(24 * 64 * KIB, true);
  await shipper.settled;
});
