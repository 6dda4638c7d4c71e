import { create } from "@bufbuild/protobuf";
import { expect, test } from "@jest/globals";
import { admit } from "../../coordinator/kernel/admit.ts";
import { readLaneKey } from "../../coordinator/kernel/lane-key.ts";
import { type TaskSpec, TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";

const DEFAULTS = { retry: { limit: 0, intervalMs: 10 }, timeoutMs: 0 };
const admitted = (fields: object) => {
  const spec = create(TaskSpecSchema, { name: "x", command: "true", ...fields }) as TaskSpec;
  return admit(spec, new Uint8Array(), 0, DEFAULTS);
};

test("the order of the entries of a map makes no other body, a value does", () => {
  const maps = TaskSpecSchema.fields.filter(({ fieldKind }) => fieldKind === "map").map(({ localName }) => localName);
  expect(maps).toContain("limits");
  for (const field of maps) {
    const isNumber = field === "limits" || field === "resources";
    const value = (number: number) => (isNumber ? number : `v${number}`);
    const hash = (map: object) => admitted({ [field]: map, idempotencyKey: "k" }).idempotency?.hash;
    const [first, second] = [value(1), value(2)];
    expect(hash({ a: first, b: second })).toEqual(hash({ b: second, a: first }));
    expect(hash({ a: first, b: second })).not.toEqual(hash({ a: second, b: first }));
  }
});

test("what only some workers can do is in the key of the lane", () => {
  const needs = (fields: object) => readLaneKey(admitted(fields).laneKey).needs;
  const none = { type: "", selector: {}, resources: {} };
  expect(needs({})).toEqual(none);
  expect(needs({ secrets: { KEY: "key" } })).toEqual({ ...none, secrets: true });
  for (const fields of [{ user: "nobody" }, { umask: "022" }, { limits: { pids: 5 } }])
    expect(needs(fields)).toEqual({ ...none, confined: true });
  expect(needs({ secrets: { KEY: "key" }, user: "nobody" })).toEqual({ ...none, secrets: true, confined: true });
});
