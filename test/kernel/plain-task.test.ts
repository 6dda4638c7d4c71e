import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { admit, admitReceived } from "../../coordinator/kernel/admit.ts";
import { checkSpec } from "../../coordinator/kernel/check-spec.ts";
import { readPlainTask } from "../../coordinator/kernel/plain-task.ts";
import { toDuration } from "../../coordinator/kernel/time.ts";
import { TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { WireReader } from "../../proto/wire-reader.ts";

type Spec = Exclude<MessageInitShape<typeof TaskSpecSchema>, { readonly $typeName: string }>;

const NOW = 1_750_000_000_000;
const DEFAULTS = { retry: { limit: 2, intervalMs: 10 }, timeoutMs: 7 };

function plainOf(init: Spec) {
  const bytes = toBinary(TaskSpecSchema, create(TaskSpecSchema, init));
  return { bytes, plain: readPlainTask(new WireReader(bytes)) };
}

/** Texts at and around every limit. */
const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom("", "x".repeat(200), "x".repeat(201), "a\nb", "\u007f", "é", "x".repeat(1_025)),
);
const queue = fc.oneof(fc.constantFrom("", "mail", "a.b-c_9", "Mail", "-x", "x".repeat(63), "x".repeat(64)), text);
const data = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(256 * 1024, 256 * 1024 + 1).map(zeros));
/** A plain task, and of the rest whatever comes. */
const usual = fc.constantFrom<Spec>({ name: "n", type: "resize" }, { name: "n", command: "true" });
const rest: fc.Arbitrary<Spec> = fc.oneof(
  fc.record({ name: text }),
  fc.record({ queue }),
  fc.record({ priority: fc.oneof(fc.integer({ min: -130, max: 130 }), fc.integer()) }),
  fc.record({ type: text }),
  fc.record({ command: text }),
  fc.record({ payload: fc.record({ data, contentType: text, encodings: fc.array(text, { maxLength: 1 }) }) }),
  fc.record({ timeout: fc.constantFrom(0, 1, 1_500, LIMITS.timeoutMs, LIMITS.timeoutMs + 1).map(toDuration) }),
  fc.record({ labels: fc.constant({ a: "b" }) }),
  fc.record({ delay: fc.constant(toDuration(5)) }),
  fc.record({ idempotencyKey: text }),
);
const spec = fc
  .tuple(usual, fc.array(rest, { maxLength: 3 }))
  .map(([init, more]): Spec => Object.assign({}, init, ...more));

function zeros(length: number): Uint8Array {
  return new Uint8Array(length);
}

test("a plain task is within every limit and is admitted as it would be the long way", () => {
  let plains = 0;
  fc.assert(
    fc.property(spec, (init) => {
      const { bytes, plain } = plainOf(init);
      if (plain === null) return;
      plains++;
      const whole = create(TaskSpecSchema, init);
      expect(checkSpec(whole, NOW).list).toEqual([]);
      expect(admitReceived({ bytes, plain }, NOW, DEFAULTS)).toEqual(admit(whole, bytes, NOW, DEFAULTS));
    }),
    { numRuns: 2_000 },
  );
  expect(plains).toBeGreaterThan(500);
});

test("what is common is plain, and what must be worked out is not", () => {
  const usual: Spec = { name: "resize 7", type: "resize", payload: { data: zeros(100), contentType: "image/png" } };
  for (const init of [usual, { name: "n", command: "true", queue: "mail", priority: -3, timeout: toDuration(1_000) }])
    expect(plainOf(init).plain).not.toBeNull();
  for (const more of [
    { idempotencyKey: "k" },
    { labels: { a: "b" } },
    { runAt: { seconds: 1n } },
    { retry: { limit: 3 } },
    { resources: { gpu: 1 } },
    { heartbeatTimeout: toDuration(1_000) },
    { traceparent: "00-1" },
    { command: "both" },
  ] satisfies Spec[])
    expect(plainOf({ ...usual, ...more }).plain).toBeNull();
});

test("tasks of one kind share its lane key, also when kinds take turns", () => {
  const kinds = ["a", "b", "a", "b"].map((type) => plainOf({ name: "n", type }).plain?.kind);
  expect(kinds[0]).toBe(kinds[2]);
  expect(kinds[1]).toBe(kinds[3]);
  expect(kinds[0]).not.toBe(kinds[1]);
});
