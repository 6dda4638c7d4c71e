import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "@jest/globals";
import { type BulkRecord, readRecord, writeRecord } from "../../coordinator/operations/bulk/bulk-record.ts";
import { BulkAction, BulkPhase } from "../../proto/gen/tss/v1/bulk_service_pb.js";
import { TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { ListTasksRequestSchema } from "../../proto/gen/tss/v1/task_service_pb.js";

/** A job as it is kept, for whichever version goes on with it. */
const recordOf = (filter: MessageInitShape<typeof ListTasksRequestSchema>): BulkRecord => ({
  ...{ id: "b_1", action: BulkAction.CANCEL, phase: BulkPhase.RUNNING, ids: null, total: 3, more: false, done: 1 },
  ...{ changed: 1, refused: 0, reasons: [], problem: "", perSecond: 0, createdAt: 1, startsAt: 2, endedAt: 0 },
  ...{ keyId: "k", cursor: "", piece: ["x"] },
  filter: create(ListTasksRequestSchema, filter),
});

test.each([
  { queue: "mail", status: [TaskStatus.WAITING] },
  { args: ["a=1"], waitedOver: { seconds: 3n }, notLabel: ["x"] },
])("is read as it was written: %j", (filter) => {
  const record = recordOf(filter);
  expect(readRecord(writeRecord(record))).toEqual(record);
});

test("conditions that every version knows stand where each looks for them", () => {
  const kept = JSON.parse(writeRecord(recordOf({ queue: "mail", failure: "0123456789abcdef" })));
  expect(kept).toMatchObject({ filter: { queue: "mail", failure: "0123456789abcdef" } });
  expect(kept.search).toBeUndefined();
});

test("a version that knows not all of the conditions finds no task, and not all that fit the rest", () => {
  const kept = JSON.parse(writeRecord(recordOf({ queue: "mail", args: ["a=1"] })));
  expect(kept.filter).toEqual({ queue: "-" });
  const later = { ...kept, search: { ...kept.search, colour: "red" } };
  expect(readRecord(JSON.stringify(later)).filter).toMatchObject({ queue: "-", args: [] });
});
