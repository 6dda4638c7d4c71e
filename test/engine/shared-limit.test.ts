import { create } from "@bufbuild/protobuf";
import { expect, test } from "@jest/globals";
import { LimitQueueRequestSchema } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { freshDatabase } from "../support/database.ts";
import { CALLER, submit, TestWorker } from "../support/engine-house.ts";
import { until } from "../support/until.ts";
import { join } from "./shared-owner.ts";

const ALL = Array.from({ length: 64 }, (_, shard) => shard);
const batch = (count: number) => Array.from({ length: count }, () => ({ command: "x", queue: "narrow" }));

test("owners divide the limit of a queue; what moves counts for who has it; who is left alone has all of it", async () => {
  const url = await freshDatabase();
  const [a, b] = [await join(url, "a"), await join(url, "b")];
  await a.take(ALL.slice(0, 32));
  await b.take(ALL.slice(32));
  for (const [index, { engine }] of [a, b].entries()) engine.tellCoordinators(["a", "b"], { index, count: 2 });
  await a.operations.operator.limitQueue(CALLER, create(LimitQueueRequestSchema, { name: "narrow", limit: 5 }));
  await b.engine.readQueues();
  const [atA, atB] = [new TestWorker(a, { credit: 20 }), new TestWorker(b, { credit: 20 })];
  await submit(a, batch(10));
  await submit(b, batch(10));
  await Promise.all([atA.until((w) => w.leases.length === 3), atB.until((w) => w.leases.length === 2)]);
  const roomAt = ({ engine }: typeof a) => engine.state.rooms.get("narrow");
  await a.engine.release(ALL.slice(0, 32));
  expect(roomAt(a)).toMatchObject({ running: 0 });
  await b.take(ALL.slice(0, 32));
  expect(roomAt(b)).toMatchObject({ running: 5, share: 2 });
  atB.announce(atA.sessionId, atA.leases);
  b.engine.tellCoordinators(["b"], { index: 0, count: 1 });
  expect(roomAt(b)).toMatchObject({ running: 5, share: 5, limit: 5 });
  let most = 0;
  atB.onLease = (lease) => {
    most = Math.max(most, roomAt(b)?.running ?? 0);
    atB.report(lease);
  };
  for (const lease of [...atA.leases, ...atB.leases]) atB.report(lease);
  await until("every task to run once", () => atB.acks.length === 20);
  expect(most).toBeLessThanOrEqual(5);
  expect(atB.leases).toHaveLength(17);
  // Set anew by another coordinator, it holds here as soon as it is read.
  await a.operations.operator.limitQueue(CALLER, create(LimitQueueRequestSchema, { name: "narrow", limit: 0 }));
  await b.engine.readQueues();
  expect(roomAt(b)).toBeUndefined();
});
