import { expect, test } from "@jest/globals";
import { fromJson } from "../../gateway/json/from-json.ts";
import { toJson } from "../../gateway/json/to-json.ts";
import { Schemas } from "../../gateway/openapi/schemas.ts";
import { AttemptSchema, TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";

function refusal(...given: Parameters<typeof fromJson>): unknown {
  try {
    return fromJson(...given);
  } catch (error) {
    return error;
  }
}

test("a lock may be given by its name alone, and is answered as an object", () => {
  const spec = fromJson(TaskSpecSchema, { command: "true", locks: ["deploy", { name: "gpu", permits: 2 }] });
  expect(toJson(TaskSpecSchema, spec)["locks"]).toEqual([
    { name: "deploy", permits: 0 },
    { name: "gpu", permits: 2 },
  ]);
});

test.each([
  [[7], "locks[0]", "must be an object"],
  [["a", { permit: 2 }], "locks[1].permit", "is not a known field; did you mean permits?"],
  [[{ name: "a", permits: 1.5 }], "locks[0].permits", "must be a whole number (it is 1.5)"],
  ["deploy", "locks", "must be a list"],
])("locks of %j are refused with their place", (locks, path, message) => {
  expect(refusal(TaskSpecSchema, { command: "true", locks })).toMatchObject({ path, message });
});

test("no other message has a short form", () => {
  expect(refusal(AttemptSchema, { locks: ["deploy"] })).toMatchObject({
    path: "locks[0]",
    message: "must be an object",
  });
});

test("OpenAPI says both forms", () => {
  const schemas = new Schemas();
  schemas.ref(TaskSpecSchema);
  const { properties } = schemas.all["TaskSpec"] as { properties: { locks: unknown } };
  expect(properties.locks).toMatchObject({
    type: "array",
    items: { anyOf: [{ $ref: "#/components/schemas/LockNeed" }, { type: "string", description: "Its name." }] },
  });
});
