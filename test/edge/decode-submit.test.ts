import { create, equals, fromBinary, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { decodeSubmitStreamRequest, decodeSubmitTasksRequest } from "../../coordinator/api/decode-submit.ts";
import type { SubmitRequest } from "../../coordinator/operations/operations.ts";
import { TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";
import { SubmitStreamRequestSchema, SubmitTasksRequestSchema } from "../../proto/gen/tss/v1/task_service_pb.js";
import { specOf } from "../support/received.ts";

const text = fc.string({ unit: "grapheme", maxLength: 20 });
const task = fc.record(
  {
    name: text,
    queue: text,
    priority: fc.integer({ min: -128, max: 127 }),
    command: text,
    argv: fc.array(text, { maxLength: 3 }),
    env: fc.dictionary(text, text, { maxKeys: 3 }),
    resources: fc.dictionary(text, fc.double({ noNaN: true }), { maxKeys: 2 }),
    payload: fc.record({ data: fc.uint8Array({ maxLength: 50 }) }),
    retry: fc.record({ limit: fc.option(fc.nat({ max: 99 }), { nil: undefined }) }),
  },
  { requiredKeys: [] },
);
const request = fc.record({ tasks: fc.array(task, { maxLength: 5 }), requestId: text });

/** What the schema makes of a request that was read by hand. */
function decoded({ tasks, requestId }: SubmitRequest) {
  for (const { bytes, spec } of tasks) if (spec) expect(spec).toEqual(fromBinary(TaskSpecSchema, bytes));
  return create(SubmitTasksRequestSchema, { tasks: tasks.map(specOf), requestId });
}

test("a request is decoded as protobuf-es decodes it, and each task has its bytes", () => {
  fc.assert(
    fc.property(request, (init) => {
      const message = create(SubmitTasksRequestSchema, init);
      const read = decodeSubmitTasksRequest(toBinary(SubmitTasksRequestSchema, message));
      expect(equals(SubmitTasksRequestSchema, decoded(read), message)).toBe(true);
    }),
  );
});

test("so is a message of a stream, with or without a request", () => {
  fc.assert(
    fc.property(fc.option(request, { nil: undefined }), fc.nat(), (init, sequence) => {
      const message = create(SubmitStreamRequestSchema, { sequence, request: init });
      const read = decodeSubmitStreamRequest(toBinary(SubmitStreamRequestSchema, message));
      expect(read.sequence).toBe(sequence);
      expect(read.request === undefined).toBe(init === undefined);
      if (read.request) expect(equals(SubmitTasksRequestSchema, decoded(read.request), message.request!)).toBe(true);
    }),
  );
});

test("what is read here is read alike by protobuf-es, whatever the bytes", () => {
  const attempt = <T>(decode: () => T): T | "refused" => {
    try {
      return decode();
    } catch {
      return "refused";
    }
  };
  const known = { readUnknownFields: false };
  const valid = request.map((init) => toBinary(SubmitTasksRequestSchema, create(SubmitTasksRequestSchema, init)));
  const mutated = fc
    .tuple(valid, fc.nat(), fc.nat({ max: 255 }))
    .map(([bytes, at, value]) => bytes.map((byte, n) => (n === at % bytes.length ? value : byte)));
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 30 })), (bytes) => {
      const mine = attempt(() => decodeSubmitTasksRequest(bytes));
      const theirs = attempt(() => fromBinary(SubmitTasksRequestSchema, bytes, known));
      if (mine === "refused") return;
      expect(theirs).not.toBe("refused");
      if (theirs !== "refused") expect(mine.tasks.length).toBe(theirs.tasks.length);
    }),
    { numRuns: 1_000 },
  );
});

test("a message inside a spec that reaches beyond its length is refused, at any depth", () => {
  const inTask = [0x0a, 0x01, 0x7a, 0x02, 0x08, 0x00];
  const inRetry = [0x0a, 0x04, 0x7a, 0x01, 0x08, 0x00];
  const inEnv = [0x0a, 0x06, 0x42, 0x03, 0x0a, 0x02, 0x61, 0x61];
  for (const wire of [inTask, inRetry, inEnv]) expect(() => decodeSubmitTasksRequest(Uint8Array.from(wire))).toThrow();
});

test("the bytes of a spec are a copy of their own, unknown fields included", () => {
  const newer = Uint8Array.from([0x0a, 0x01, 0x61, 0xa2, 0x06, 0x02, 0x68, 0x69]);
  const wire = Buffer.concat([Uint8Array.from([0x0a, newer.length]), newer]);
  const [task] = decodeSubmitTasksRequest(wire).tasks;
  wire.fill(0);
  expect(Buffer.compare(task!.bytes, newer)).toBe(0);
});

test("of two million empty tasks one more than allowed is made", () => {
  const wire = Buffer.alloc(4 * 1024 * 1024);
  for (let at = 0; at < wire.length; at += 2) wire[at] = 0x0a;
  expect(decodeSubmitTasksRequest(wire).tasks).toHaveLength(1_001);
});
