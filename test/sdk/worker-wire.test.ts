import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { WorkRequestSchema, type WorkResponse, WorkResponseSchema } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { WireWriter } from "../../proto/wire-writer.ts";
import { type HandlerReport, writeReport } from "../../sdk/typescript/worker/handler-report.ts";
import { readWorkResponse } from "../../sdk/typescript/worker/read-work-response.ts";
import type { ReceivedLease } from "../../sdk/typescript/worker/received-lease.ts";

const text = fc.string({ unit: "grapheme", maxLength: 30 });
const token = fc.oneof(fc.constant(0), fc.maxSafeNat());
const ms = fc.nat({ max: 2_592_000_000 });
const duration = ms.map(durationFromMs);
const spec = fc.record(
  {
    name: text,
    queue: text,
    type: text,
    command: text,
    priority: fc.integer({ min: -128, max: 127 }),
    payload: fc.record(
      { data: fc.uint8Array({ maxLength: 300 }), contentType: text, encodings: fc.array(text, { maxLength: 2 }) },
      { requiredKeys: [] },
    ),
    labels: fc.dictionary(text, text, { maxKeys: 2 }),
    heartbeatTimeout: duration,
    cancelGrace: duration,
    traceparent: text,
  },
  { requiredKeys: [] },
);
const lease = fc.record(
  {
    id: text,
    fencingToken: token.map(BigInt),
    attempt: fc.nat(),
    maxAttempts: fc.nat(),
    spec,
    timeout: duration,
    cancelGrace: duration,
    heartbeatTimeout: duration,
    createdAt: ms.map(timestampFromMs),
    locks: fc.array(fc.record({ name: text, token: token.map(BigInt) }, { requiredKeys: [] }), { maxLength: 3 }),
  },
  { requiredKeys: [] },
);
const ref = { id: text, fencingToken: token.map(BigInt) };
const response = fc
  .record(
    {
      welcome: fc.record({ sessionId: text, leaseTtl: duration }),
      leases: fc.array(lease, { maxLength: 3 }),
      outcomeAcks: fc.array(fc.record({ ...ref, accepted: fc.boolean() }), { maxLength: 3 }),
      cancels: fc.array(fc.record({ ...ref, reason: fc.nat({ max: 30 }) }), { maxLength: 2 }),
      logAcks: fc.array(fc.record({ ...ref, full: fc.boolean() }), { maxLength: 2 }),
      drain: fc.boolean(),
      adoption: fc.record({
        adopted: fc.array(fc.record(ref), { maxLength: 2 }),
        refused: fc.array(fc.record(ref), { maxLength: 2 }),
        elsewhere: fc.array(fc.record(ref), { maxLength: 2 }),
      }),
      moved: fc.array(fc.record(ref), { maxLength: 3 }),
      coordinators: fc.array(text, { maxLength: 3 }),
    },
    { requiredKeys: [] },
  )
  .map((init) => create(WorkResponseSchema, init));

function read(message: WorkResponse) {
  const heard = {
    welcomes: [] as unknown[],
    leases: [] as ReceivedLease[],
    acks: [] as unknown[],
    cancels: [] as unknown[],
    logAcks: [] as unknown[],
    drains: 0,
    adoptions: [] as unknown[],
    moved: [] as unknown[],
    coordinators: [] as string[],
  };
  readWorkResponse(Buffer.from(toBinary(WorkResponseSchema, message)), {
    welcome: (welcome) => heard.welcomes.push(welcome),
    lease: (one) => heard.leases.push(one),
    acknowledged: ({ id, fencingToken, accepted }) => heard.acks.push({ id, fencingToken, accepted }),
    cancel: (order) => heard.cancels.push(order),
    logAcknowledged: (ack) => heard.logAcks.push(ack),
    drain: () => heard.drains++,
    adoption: (adoption) => heard.adoptions.push(adoption),
    moved: (lease) => heard.moved.push(lease),
    coordinator: (address) => heard.coordinators.push(address),
  });
  return heard;
}

const millis = (value: { seconds: bigint; nanos: number } | undefined) =>
  value === undefined ? undefined : Number(value.seconds) * 1_000 + value.nanos / 1e6;

test("an answer is heard as its schema reads it, each part once", () => {
  fc.assert(
    fc.property(response, (message) => {
      const heard = read(message);
      expect(heard.welcomes).toEqual(message.welcome ? [message.welcome] : []);
      expect(heard.acks).toEqual(message.outcomeAcks.map(({ $typeName, ...ack }) => ack));
      expect(heard.cancels).toEqual(message.cancels);
      expect(heard.logAcks).toEqual(message.logAcks);
      expect(heard.drains).toBe(message.drain ? 1 : 0);
      expect(heard.leases).toHaveLength(message.leases.length);
      expect(heard.adoptions).toEqual(message.adoption ? [message.adoption] : []);
      expect(heard.moved).toEqual(message.moved);
      expect(heard.coordinators).toEqual(message.coordinators);
    }),
  );
});

test("a lease says what its schema says, in plain numbers and as the message", () => {
  fc.assert(
    fc.property(response, (message) => {
      for (const [index, one] of read(message).leases.entries()) {
        const { spec: said, ...rest } = message.leases[index]!;
        expect([one.id, one.fencingToken, one.token]).toEqual([rest.id, rest.fencingToken, Number(rest.fencingToken)]);
        expect([one.attempt, one.maxAttempts]).toEqual([rest.attempt, rest.maxAttempts]);
        expect(one.timeoutMs).toBe(millis(rest.timeout));
        expect(one.cancelGraceMs).toBe(millis(rest.cancelGrace));
        expect(one.heartbeatMs).toBe(millis(rest.heartbeatTimeout));
        const { task } = one;
        expect([task.name, task.queue, task.type]).toEqual([said?.name ?? "", said?.queue ?? "", said?.type ?? ""]);
        expect(task.traceparent).toBe(said?.traceparent ?? "");
        expect(task.cancelGraceMs).toBe(millis(said?.cancelGrace));
        expect(task.heartbeatMs).toBe(millis(said?.heartbeatTimeout));
        const payload = said?.payload;
        expect(task.payload && { ...task.payload, data: Buffer.from(task.payload.data) }).toEqual(
          payload && {
            data: Buffer.from(payload.data),
            contentType: payload.contentType,
            encodings: payload.encodings,
          },
        );
        expect(one.spec).toEqual(said);
        expect(one.heldLocks).toEqual(rest.locks.map(({ name, token }) => ({ name, token: Number(token) })));
        expect(one.locks).toEqual(rest.locks);
        expect([one.timeout, one.cancelGrace, one.heartbeatTimeout, one.createdAt]).toEqual([
          rest.timeout,
          rest.cancelGrace,
          rest.heartbeatTimeout,
          rest.createdAt,
        ]);
      }
    }),
  );
});

const report: fc.Arbitrary<HandlerReport> = fc.record(
  {
    id: text,
    token,
    outcome: fc.nat({ max: 9 }),
    reason: fc.nat({ max: 30 }),
    error: fc.record({ type: text, message: fc.string({ unit: "grapheme", maxLength: 200 }) }),
    result: fc.record({
      data: fc.uint8Array({ maxLength: 300 }),
      contentType: text,
      encodings: fc.array(fc.string({ minLength: 1 })),
    }),
    startedAt: ms,
    endedAt: ms,
    nonRetryable: fc.boolean(),
    retryAfterMs: ms,
  },
  { requiredKeys: ["id", "token", "outcome"] },
);

test("a report of a handler is the OutcomeReport that the schema would write", () => {
  fc.assert(
    fc.property(fc.array(report, { maxLength: 4 }), (reports) => {
      const writer = new WireWriter();
      for (const one of reports) writeReport(writer, 3, one);
      const written = fromBinary(WorkRequestSchema, writer.finish()).outcomes;
      const expected = reports.map(({ token: number, startedAt, endedAt, retryAfterMs, ...rest }) => ({
        ...rest,
        fencingToken: BigInt(number),
        ...(startedAt ? { startedAt: timestampFromMs(startedAt) } : {}),
        ...(endedAt ? { endedAt: timestampFromMs(endedAt) } : {}),
        ...(retryAfterMs === undefined ? {} : { retryAfter: durationFromMs(retryAfterMs) }),
      }));
      expect(written).toEqual(create(WorkRequestSchema, { outcomes: expected }).outcomes);
    }),
  );
});
