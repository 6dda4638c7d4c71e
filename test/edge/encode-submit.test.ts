import { create, fromBinary } from "@bufbuild/protobuf";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { encodeSubmitStreamResponse, encodeSubmitTasksResponse } from "../../coordinator/api/encode-submit.ts";
import { toRpcStatus } from "../../coordinator/kernel/rpc-status.ts";
import type { SubmitAnswer } from "../../coordinator/operations/operations.ts";
import { TssError } from "../../proto/errors.ts";
import {
  SubmitResultSchema,
  SubmitStreamResponseSchema,
  SubmitTasksResponseSchema,
} from "../../proto/gen/tss/v1/task_service_pb.js";

const error = fc.string({ unit: "grapheme" }).map((sentence) => new TssError("INVALID_ARGUMENT", sentence));
const accepted = fc.record({ id: fc.string({ minLength: 26, maxLength: 26 }), duplicate: fc.boolean() });
const answers = fc.array(fc.oneof(accepted, error), { maxLength: 20 });

const resultOf = (answer: SubmitAnswer) =>
  "id" in answer
    ? create(SubmitResultSchema, { result: { case: "id", value: answer.id }, duplicate: answer.duplicate })
    : create(SubmitResultSchema, { result: { case: "error", value: toRpcStatus(answer) } });
const responseOf = (list: readonly SubmitAnswer[]) =>
  create(SubmitTasksResponseSchema, { results: list.map(resultOf) });

test("answers written by hand are the messages that their schemas would write", () => {
  fc.assert(
    fc.property(answers, fc.nat(), (list, sequence) => {
      expect(fromBinary(SubmitTasksResponseSchema, encodeSubmitTasksResponse(list))).toEqual(responseOf(list));
      expect(fromBinary(SubmitStreamResponseSchema, encodeSubmitStreamResponse(sequence, list))).toEqual(
        create(SubmitStreamResponseSchema, { sequence, answer: { case: "response", value: responseOf(list) } }),
      );
    }),
  );
});

test("a message that is refused as a whole is answered with its error", () => {
  const refusal = new TssError("RESOURCE_EXHAUSTED", "Too much waits.", { retryAfterMs: 100 });
  expect(fromBinary(SubmitStreamResponseSchema, encodeSubmitStreamResponse(7, refusal))).toEqual(
    create(SubmitStreamResponseSchema, { sequence: 7, answer: { case: "error", value: toRpcStatus(refusal) } }),
  );
});
