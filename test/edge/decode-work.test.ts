import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { decodeWorkRequest } from "../../coordinator/api/decode-work.ts";
import { toAttemptReport } from "../../coordinator/kernel/attempt-report.ts";
import { PayloadSchema } from "../../proto/gen/tss/v1/task_pb.js";
import { WorkRequestSchema } from "../../proto/gen/tss/v1/worker_service_pb.js";

const text = fc.string({ unit: "grapheme", maxLength: 30 });
const whole = fc.oneof(fc.constant(0n), fc.nat().map(BigInt), fc.maxSafeNat().map(BigInt));
const time = fc.record({ seconds: fc.nat({ max: 4_102_444_800 }).map(BigInt), nanos: fc.nat({ max: 999_999_999 }) });
const pause = fc.record({ seconds: fc.integer().map(BigInt), nanos: fc.constant(0) });
const uint32 = fc.nat({ max: 0xffff_ffff });
const outcome = fc.record(
  {
    id: text,
    fencingToken: whole,
    outcome: fc.nat({ max: 9 }),
    reason: fc.nat({ max: 30 }),
    exitCode: fc.integer(),
    signal: text,
    error: fc.record({ type: text, message: text }),
    result: fc.record({ data: fc.uint8Array({ maxLength: 50 }), contentType: text, encodings: fc.array(text) }),
    startedAt: time,
    endedAt: time,
    survivors: uint32,
    outputBytes: whole,
    nonRetryable: fc.boolean(),
    retryAfter: pause,
  },
  { requiredKeys: [] },
);
const start = fc.record({ id: text, fencingToken: whole, startedAt: time }, { requiredKeys: [] });
const request = fc.record(
  {
    hello: fc.record({ sessionId: text, credit: fc.nat({ max: 100 }) }),
    credit: uint32,
    outcomes: fc.array(outcome, { maxLength: 3 }),
    starts: fc.array(start, { maxLength: 3 }),
    progress: fc.array(fc.record({ id: text, message: text }), { maxLength: 2 }),
    logs: fc.array(fc.record({ id: text, data: fc.uint8Array({ maxLength: 20 }) }), { maxLength: 2 }),
    draining: fc.boolean(),
    creditWithdrawn: uint32,
    announcements: fc.array(
      fc.record({ sessionId: text, held: fc.array(fc.record({ id: text, fencingToken: whole }), { maxLength: 3 }) }),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: [] },
);
const encoded = request.map((init) => toBinary(WorkRequestSchema, create(WorkRequestSchema, init)));

/** The message as the schema reads it, in the words of the coordinator. */
function bySchema(bytes: Uint8Array) {
  const { outcomes, starts, $typeName, $unknown, ...rest } = fromBinary(WorkRequestSchema, bytes);
  return {
    ...rest,
    outcomes: outcomes.map(toAttemptReport),
    starts: starts.map(({ id, fencingToken, startedAt }) => ({
      id,
      token: Number(fencingToken),
      startedAt: startedAt === undefined ? 0 : Number(startedAt.seconds) * 1_000 + Math.trunc(startedAt.nanos / 1e6),
    })),
  };
}

function byHand(bytes: Uint8Array) {
  const { outcomes, ...rest } = decodeWorkRequest(bytes);
  // A result is kept as it came: compared as what it says.
  const results = outcomes.map(({ result, ...report }) => ({
    ...report,
    result: result === null ? null : toBinary(PayloadSchema, fromBinary(PayloadSchema, result)),
  }));
  return { ...rest, outcomes: results };
}

test("a message of a worker is read as its schema reads it", () => {
  fc.assert(fc.property(encoded, (bytes) => expect(byHand(bytes)).toEqual(bySchema(bytes))));
});

test("what is read here is read alike by protobuf-es, whatever the bytes", () => {
  const attempt = <T>(decode: () => T): T | "refused" => {
    try {
      return decode();
    } catch {
      return "refused";
    }
  };
  const mutated = fc
    .tuple(encoded, fc.nat(), fc.nat({ max: 255 }))
    .map(([bytes, at, value]) => bytes.map((byte, n) => (n === at % bytes.length ? value : byte)));
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 30 })), (bytes) => {
      const mine = attempt(() => byHand(bytes));
      const theirs = attempt(() => bySchema(bytes));
      if (mine !== "refused" && theirs !== "refused") expect(mine).toEqual(theirs);
    }),
    { numRuns: 1_000 },
  );
});

test("a report that reaches beyond its message, a group and a text that is no UTF-8 are refused", () => {
  for (const wire of [
    [0x1a, 0x05, 0x18, 0x01],
    [0x1a, 0x02, 0x0a, 0x05],
    [0x1b],
    [0x1a, 0x03, 0x32, 0x01, 0xff],
    [0x10],
  ])
    expect(() => decodeWorkRequest(Uint8Array.from(wire))).toThrow();
});

test("fields of newer versions are passed over", () => {
  const wire = [0x1a, 0x08, 0x10, 0x07, 0xa2, 0x06, 0x02, 0x68, 0x69, 0x00, 0xf8, 0x06, 0x01].toSpliced(9, 1);
  wire[1] = 7;
  const message = decodeWorkRequest(Uint8Array.from(wire));
  expect(message.outcomes.map(({ token }) => token)).toEqual([7]);
});
