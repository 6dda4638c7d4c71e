import { create, fromBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { toAttemptReport } from "../../coordinator/kernel/attempt-report.ts";
import { type EndedAttempt, encodeAttempt } from "../../coordinator/kernel/encode-attempt.ts";
import { AttemptSchema, ProgressSchema, TaskErrorSchema } from "../../proto/gen/tss/v1/task_pb.js";
import { OutcomeReportSchema } from "../../proto/gen/tss/v1/worker_service_pb.js";

const text = fc.oneof(fc.string({ unit: "grapheme", maxLength: 300 }), fc.string({ maxLength: 100 }));
const time = fc.oneof(fc.constant(0), fc.nat({ max: 4_102_444_800_000 }));
const report = fc
  .record(
    {
      exitCode: fc.integer(),
      signal: text,
      error: fc.record({ type: text, message: text }),
      survivors: fc.nat(),
      outputBytes: fc.maxSafeNat().map(BigInt),
    },
    { requiredKeys: [] },
  )
  .map((init) => toAttemptReport(create(OutcomeReportSchema, init)));
const attempt: fc.Arbitrary<EndedAttempt> = fc.record({
  number: fc.nat({ max: 100 }),
  outcome: fc.nat({ max: 9 }),
  reason: fc.nat({ max: 30 }),
  startedAt: time,
  endedAt: time,
  report: fc.option(report, { nil: undefined }),
  outputKeptBytes: fc.nat(),
  progress: fc.option(text.map((message) => create(ProgressSchema, { percent: 40, message }))),
  messages: fc.array(fc.record({ at: time, text }), { maxLength: 5 }),
});

const timestamp = (ms: number) => (ms === 0 ? undefined : timestampFromMs(ms));

test("an attempt written by hand is the message that its schema would write", () => {
  fc.assert(
    fc.property(attempt, (ended) => {
      const { number, outcome, reason, startedAt, endedAt, report: said, progress, messages } = ended;
      const read = fromBinary(AttemptSchema, encodeAttempt(ended));
      const expected = create(AttemptSchema, {
        number,
        outcome,
        reason,
        startedAt: timestamp(startedAt),
        endedAt: timestamp(endedAt),
        exitCode: said?.exitCode,
        signal: said?.signal ?? "",
        error: said?.error && create(TaskErrorSchema, said.error),
        survivors: said?.survivors ?? 0,
        outputBytes: BigInt(said?.outputBytes ?? 0),
        outputKeptBytes: BigInt(said === undefined ? 0 : ended.outputKeptBytes),
        progress: progress ?? undefined,
        messages: messages.map(({ at, text: line }) => ({ at: timestamp(at), text: line, attempt: number })),
      });
      expect(read).toEqual(expected);
    }),
  );
});
