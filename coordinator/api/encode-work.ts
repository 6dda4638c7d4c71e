import { toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { AdoptionSchema, WelcomeSchema } from "../../proto/gen/tss/v1/worker_service_pb.js";
import type { LeaseAnswer, LeaseGrant, WorkAnswer } from "../operations/operations.ts";

type OutcomeAck = NonNullable<WorkAnswer["outcomeAcks"]>[number];
type CancelOrder = NonNullable<WorkAnswer["cancels"]>[number];
type LogAck = NonNullable<WorkAnswer["logAcks"]>[number];

/**
 * Writers of the worker messages, field by field as worker_service.proto numbers them. The spec of a lease is written as
 * the bytes the client sent, without decoding. As in proto3, a scalar of zero is not written; a duration of 0 ms means
 * none and is not either.
 */

/** One WorkResponse. */
export function encodeWorkResponse(answer: WorkAnswer): Uint8Array {
  const writer = new BinaryWriter();
  writeWelcome(writer, answer);
  for (const lease of answer.leases ?? []) writeLease(writer, lease);
  for (const ack of answer.outcomeAcks ?? []) writeOutcomeAck(writer, ack);
  for (const cancel of answer.cancels ?? []) writeCancel(writer, 4, cancel);
  for (const ack of answer.logAcks ?? []) writeLogAck(writer, ack);
  writeDrain(writer, 6, answer);
  writeOwners(writer, answer);
  return writer.finish();
}

/** One LeaseTasksResponse. */
export function encodeLeaseTasksResponse(answer: LeaseAnswer): Uint8Array {
  const writer = new BinaryWriter();
  text(writer, 1, answer.sessionId);
  for (const lease of answer.leases ?? []) writeLease(writer, lease);
  for (const cancel of answer.cancels ?? []) writeCancel(writer, 3, cancel);
  duration(writer, 4, answer.nextMs);
  writeDrain(writer, 5, answer);
  for (const address of answer.coordinators ?? []) text(writer, 6, address);
  return writer.finish();
}

export function writeWelcome(writer: BinaryWriter, { welcome }: WorkAnswer): void {
  if (welcome) writer.tag(1, WireType.LengthDelimited).bytes(toBinary(WelcomeSchema, welcome));
}

export function writeLease(writer: BinaryWriter, lease: LeaseGrant): void {
  writer.tag(2, WireType.LengthDelimited).fork();
  text(writer, 1, lease.id);
  integer(writer, 2, lease.token);
  integer(writer, 3, lease.attempt);
  writer.tag(4, WireType.LengthDelimited).bytes(lease.spec);
  duration(writer, 5, lease.timeoutMs);
  duration(writer, 6, lease.cancelGraceMs);
  duration(writer, 7, lease.heartbeatTimeoutMs);
  time(writer, 8, lease.createdAt);
  integer(writer, 9, lease.maxAttempts);
  writer.join();
}

export function writeOutcomeAck(writer: BinaryWriter, ack: OutcomeAck): void {
  writer.tag(3, WireType.LengthDelimited).fork();
  text(writer, 1, ack.id);
  integer(writer, 2, ack.token);
  flag(writer, 3, ack.accepted);
  writer.join();
}

export function writeCancel(writer: BinaryWriter, field: number, cancel: CancelOrder): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  text(writer, 1, cancel.id);
  integer(writer, 2, cancel.token);
  integer(writer, 3, cancel.reason);
  writer.join();
}

export function writeLogAck(writer: BinaryWriter, ack: LogAck): void {
  writer.tag(5, WireType.LengthDelimited).fork();
  text(writer, 1, ack.id);
  integer(writer, 2, ack.token);
  integer(writer, 3, ack.offset);
  flag(writer, 4, ack.full);
  writer.join();
}

/** What workers of several coordinators are told. */
export function writeOwners(writer: BinaryWriter, { adoption, moved, coordinators }: WorkAnswer): void {
  if (adoption) writer.tag(7, WireType.LengthDelimited).bytes(toBinary(AdoptionSchema, adoption));
  for (const lease of moved ?? []) {
    writer.tag(8, WireType.LengthDelimited).fork();
    text(writer, 1, lease.id);
    integer(writer, 2, lease.token);
    writer.join();
  }
  for (const address of coordinators ?? []) text(writer, 9, address);
}

export function writeDrain(writer: BinaryWriter, field: number, { drain }: WorkAnswer): void {
  flag(writer, field, drain ?? false);
}

function text(writer: BinaryWriter, field: number, value: string): void {
  if (value !== "") writer.tag(field, WireType.LengthDelimited).string(value);
}

/** Any whole number from 0 to 2⁵³−1: the varint of every integer type is the same. */
function integer(writer: BinaryWriter, field: number, value: number): void {
  if (value === 0) return;
  writer.tag(field, WireType.Varint);
  if (value <= 0xffff_ffff) writer.uint32(value);
  else writer.uint64(value);
}

function flag(writer: BinaryWriter, field: number, value: boolean): void {
  if (value) writer.tag(field, WireType.Varint).bool(true);
}

function duration(writer: BinaryWriter, field: number, ms: number | undefined): void {
  if (ms !== undefined && ms > 0) time(writer, field, ms);
}

/** Timestamp and Duration are the same on the wire: seconds and nanoseconds. */
function time(writer: BinaryWriter, field: number, ms: number): void {
  const seconds = Math.floor(ms / 1_000);
  writer.tag(field, WireType.LengthDelimited).fork();
  integer(writer, 1, seconds);
  integer(writer, 2, Math.round((ms - seconds * 1_000) * 1_000_000));
  writer.join();
}
