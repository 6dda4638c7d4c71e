import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { encodeLeaseTasksResponse, encodeWorkResponse } from "../../coordinator/api/encode-work.ts";
import type { LeaseGrant, WorkAnswer } from "../../coordinator/operations/operations.ts";
import { TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";
import {
  AdoptionSchema,
  LeaseSchema,
  LeaseTasksResponseSchema,
  WelcomeSchema,
  WorkResponseSchema,
} from "../../proto/gen/tss/v1/worker_service_pb.js";

const id = fc.oneof(fc.constant(""), fc.string({ unit: "grapheme", maxLength: 26 }));
const whole = fc.oneof(fc.constant(0), fc.nat(), fc.maxSafeNat());
const small = fc.nat();
const ms = fc.oneof(fc.constant(0), fc.nat({ max: 2_592_000_000 }));
const spec = fc
  .record({
    name: fc.string({ unit: "grapheme" }),
    command: fc.string({ maxLength: 300 }),
    priority: fc.integer({ min: -128, max: 127 }),
  })
  .map((init) => toBinary(TaskSpecSchema, create(TaskSpecSchema, init)));
const lease: fc.Arbitrary<LeaseGrant> = fc.record(
  {
    id,
    token: whole,
    attempt: small,
    maxAttempts: small,
    spec,
    timeoutMs: ms,
    // Every task has one.
    createdAt: fc.integer({ min: 1, max: 4_102_444_800_000 }),
    cancelGraceMs: ms,
    heartbeatTimeoutMs: ms,
  },
  { requiredKeys: ["id", "token", "attempt", "maxAttempts", "spec", "timeoutMs", "createdAt"] },
);
const welcome = fc
  .record({ sessionId: id, heartbeatInterval: ms.map(durationFromMs), serverVersion: id })
  .map((init) => create(WelcomeSchema, init));
const refs = fc.array(fc.record({ id, fencingToken: whole.map(BigInt) }), { maxLength: 3 });
const adoption = fc
  .record({ adopted: refs, refused: refs, elsewhere: refs })
  .map((init) => create(AdoptionSchema, init));
const coordinators = fc.array(fc.string({ minLength: 1, maxLength: 20 }), { maxLength: 3 });
const parts = {
  coordinators,
  leases: fc.array(lease, { maxLength: 4 }),
  cancels: fc.array(fc.record({ id, token: whole, reason: fc.nat({ max: 23 }) }), { maxLength: 3 }),
  drain: fc.boolean(),
};
const answer: fc.Arbitrary<WorkAnswer> = fc.record(
  {
    ...parts,
    welcome,
    adoption,
    moved: fc.array(fc.record({ id, token: whole }), { maxLength: 3 }),
    outcomeAcks: fc.array(fc.record({ id, token: whole, accepted: fc.boolean() }), { maxLength: 3 }),
    logAcks: fc.array(fc.record({ id, token: whole, offset: whole, full: fc.boolean() }), { maxLength: 3 }),
  },
  { requiredKeys: [] },
);

const duration = (value: number | undefined) => (value ? durationFromMs(value) : undefined);
const asLease = (grant: LeaseGrant) =>
  create(LeaseSchema, {
    id: grant.id,
    fencingToken: BigInt(grant.token),
    attempt: grant.attempt,
    maxAttempts: grant.maxAttempts,
    spec: fromBinary(TaskSpecSchema, grant.spec),
    timeout: duration(grant.timeoutMs),
    cancelGrace: duration(grant.cancelGraceMs),
    heartbeatTimeout: duration(grant.heartbeatTimeoutMs),
    createdAt: timestampFromMs(grant.createdAt),
  });
const token = <T extends { token: number }>({ token, ...rest }: T) => ({ ...rest, fencingToken: BigInt(token) });

test("what is written by hand reads as the same WorkResponse", () => {
  fc.assert(
    fc.property(answer, (given) => {
      const expected = create(WorkResponseSchema, {
        welcome: given.welcome,
        leases: given.leases?.map(asLease),
        outcomeAcks: given.outcomeAcks?.map(token),
        cancels: given.cancels?.map(token),
        logAcks: given.logAcks?.map(({ offset, ...ack }) => ({ ...token(ack), offset: BigInt(offset) })),
        drain: given.drain,
        adoption: given.adoption,
        moved: given.moved?.map(token),
        coordinators: [...(given.coordinators ?? [])],
      });
      const bytes = encodeWorkResponse(given);
      expect(fromBinary(WorkResponseSchema, bytes)).toEqual(expected);
      expect(bytes.length).toBe(toBinary(WorkResponseSchema, expected).length);
    }),
  );
});

test("and so does a LeaseTasksResponse", () => {
  fc.assert(
    fc.property(fc.record(parts, { requiredKeys: [] }), id, ms, (given, sessionId, nextMs) => {
      const expected = create(LeaseTasksResponseSchema, {
        sessionId,
        leases: given.leases?.map(asLease),
        cancels: given.cancels?.map(token),
        next: duration(nextMs),
        drain: given.drain,
        coordinators: [...(given.coordinators ?? [])],
      });
      expect(fromBinary(LeaseTasksResponseSchema, encodeLeaseTasksResponse({ ...given, sessionId, nextMs }))).toEqual(
        expected,
      );
    }),
  );
});

test("a spec's bytes pass untouched, fields of a newer version included", () => {
  const newer = Buffer.from([0x0a, 0x01, 0x61, 0xa2, 0x06, 0x02, 0x68, 0x69]);
  const bytes = encodeWorkResponse({
    leases: [{ id: "x", token: 1, attempt: 1, maxAttempts: 1, spec: newer, timeoutMs: 0, createdAt: 1 }],
  });
  expect(Buffer.from(bytes).includes(newer)).toBe(true);
});

test("an empty answer is an empty message, and an empty spec is there", () => {
  expect(encodeWorkResponse({}).length).toBe(0);
  const bytes = encodeWorkResponse({
    leases: [{ id: "", token: 0, attempt: 0, maxAttempts: 0, spec: new Uint8Array(), timeoutMs: 0, createdAt: 0 }],
  });
  expect(fromBinary(WorkResponseSchema, bytes).leases[0]?.spec).toEqual(create(TaskSpecSchema));
});
