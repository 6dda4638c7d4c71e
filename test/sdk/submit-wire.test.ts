import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { toRpcStatus } from "../../coordinator/kernel/rpc-status.ts";
import { TssError } from "../../proto/errors.ts";
import {
  SubmitStreamRequestSchema,
  SubmitStreamResponseSchema,
  type SubmitTasksResponse,
} from "../../proto/gen/tss/v1/task_service_pb.js";
import { encodeSubmit } from "../../sdk/typescript/client/encode-submit.ts";
import { readSubmitAnswer } from "../../sdk/typescript/client/read-submit-answer.ts";

const text = fc.string({ unit: "grapheme", maxLength: 80 });
const payload = fc.record(
  { data: fc.uint8Array({ maxLength: 300 }), contentType: text, encodings: fc.array(fc.string({ minLength: 1 })) },
  { requiredKeys: [] },
);
const plain = { name: text, queue: text, type: text, command: text, priority: fc.integer(), payload };
const task = fc.oneof(
  fc.record(plain, { requiredKeys: [] }),
  fc.record(
    { ...plain, labels: fc.dictionary(text, text, { maxKeys: 2 }), timeout: fc.nat().map(durationFromMs) },
    { requiredKeys: [] },
  ),
);

test("a message of tasks is the one that its schema would write", () => {
  fc.assert(
    fc.property(fc.nat(), fc.string(), fc.array(task, { maxLength: 5 }), (sequence, requestId, tasks) => {
      const written = encodeSubmit(sequence, requestId, tasks);
      expect(fromBinary(SubmitStreamRequestSchema, written)).toEqual(
        create(SubmitStreamRequestSchema, { sequence, request: { tasks, requestId } }),
      );
    }),
  );
});

const error = text.map((sentence) => new TssError("INVALID_ARGUMENT", sentence, { reason: "INVALID_FIELD" }));
const accepted = fc.record({ id: fc.string({ minLength: 1, maxLength: 26 }), duplicate: fc.boolean() });
const results = fc.array(fc.oneof(accepted, error), { maxLength: 10 });

function asResults(list: readonly (TssError | { id: string; duplicate: boolean })[]) {
  return list.map((one) =>
    one instanceof TssError
      ? { result: { case: "error" as const, value: toRpcStatus(one) } }
      : { result: { case: "id" as const, value: one.id }, duplicate: one.duplicate },
  ) as SubmitTasksResponse["results"];
}

const plainly = (one: unknown) => (one instanceof TssError ? [one.code, one.message, one.reason] : one);

test("an answer says of each task what its schema says", () => {
  fc.assert(
    fc.property(fc.nat(), results, (sequence, list) => {
      const answer = { case: "response" as const, value: { results: asResults(list) } };
      const bytes = toBinary(
        SubmitStreamResponseSchema,
        create(SubmitStreamResponseSchema, { sequence, answer: answer as never }),
      );
      const read = readSubmitAnswer(Buffer.from(bytes));
      expect(read.sequence).toBe(sequence);
      expect((read.results as unknown[]).map(plainly)).toEqual(list.map(plainly));
    }),
  );
});

test("a refusal of a whole message is its error, and a result that says nothing is one too", () => {
  const refusal = new TssError("RESOURCE_EXHAUSTED", "Too much waits.", { retryAfterMs: 100 });
  const refused = create(SubmitStreamResponseSchema, {
    sequence: 3,
    answer: { case: "error", value: toRpcStatus(refusal) },
  });
  const { results: whole } = readSubmitAnswer(Buffer.from(toBinary(SubmitStreamResponseSchema, refused)));
  expect(whole).toMatchObject({ code: "RESOURCE_EXHAUSTED", message: "Too much waits.", retryAfterMs: 100 });
  const { results: empty } = readSubmitAnswer(Buffer.from([0x12, 0x02, 0x0a, 0x00]));
  expect(empty).toMatchObject([{ code: "INTERNAL" }]);
});
