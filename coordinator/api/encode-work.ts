import { toBinary } from "@bufbuild/protobuf";
import { AdoptionSchema, WelcomeSchema } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { WireWriter } from "../../proto/wire-writer.ts";
import type { LeaseAnswer, LeaseGrant, WorkAnswer } from "../operations/operations.ts";

type CancelOrder = NonNullable<WorkAnswer["cancels"]>[number];
type LogAck = NonNullable<WorkAnswer["logAcks"]>[number];

/**
 * Writers of the worker messages, field by field as worker_service.proto numbers them. The spec of a lease is written as
 * the bytes the client sent, without decoding. A duration of 0 ms means none and is not written.
 */

/** One WorkResponse. */
export function encodeWorkResponse(answer: WorkAnswer): Uint8Array {
  const writer = new WireWriter();
  writeWelcome(writer, answer);
  for (const lease of answer.leases ?? []) writeLease(writer, lease);
  for (const { id, token, accepted } of answer.outcomeAcks ?? []) writeOutcomeAck(writer, id, token, accepted);
  for (const cancel of answer.cancels ?? []) writeCancel(writer, 4, cancel);
  for (const ack of answer.logAcks ?? []) writeLogAck(writer, ack);
  writeDrain(writer, 6, answer);
  writeOwners(writer, answer);
  return writer.finish();
}

/** One LeaseTasksResponse. */
export function encodeLeaseTasksResponse(answer: LeaseAnswer): Uint8Array {
  const writer = new WireWriter();
  writer.text(1, answer.sessionId);
  for (const lease of answer.leases ?? []) writeLease(writer, lease);
  for (const cancel of answer.cancels ?? []) writeCancel(writer, 3, cancel);
  writer.milliseconds(4, answer.nextMs);
  writeDrain(writer, 5, answer);
  for (const address of answer.coordinators ?? []) writer.text(6, address);
  return writer.finish();
}

export function writeWelcome(writer: WireWriter, { welcome }: WorkAnswer): void {
  if (welcome) writer.bytes(1, toBinary(WelcomeSchema, welcome));
}

export function writeLease(writer: WireWriter, lease: LeaseGrant): void {
  const place = writer.begin(2);
  writer.text(1, lease.id);
  writer.integer(2, lease.token);
  writer.integer(3, lease.attempt);
  writer.bytes(4, lease.spec);
  writer.milliseconds(5, lease.timeoutMs);
  writer.milliseconds(6, lease.cancelGraceMs ?? 0);
  writer.milliseconds(7, lease.heartbeatTimeoutMs ?? 0);
  writer.milliseconds(8, lease.createdAt);
  writer.integer(9, lease.maxAttempts);
  for (const { name, token } of lease.locks ?? []) {
    const lock = writer.begin(10);
    writer.text(1, name);
    writer.integer(2, token);
    writer.end(lock);
  }
  writer.end(place);
}

export function writeOutcomeAck(writer: WireWriter, id: string, token: number, accepted: boolean): void {
  const place = writer.begin(3);
  writer.text(1, id);
  writer.integer(2, token);
  writer.flag(3, accepted);
  writer.end(place);
}

export function writeCancel(writer: WireWriter, field: number, cancel: CancelOrder): void {
  const place = writer.begin(field);
  writer.text(1, cancel.id);
  writer.integer(2, cancel.token);
  writer.integer(3, cancel.reason);
  writer.end(place);
}

export function writeLogAck(writer: WireWriter, ack: LogAck): void {
  const place = writer.begin(5);
  writer.text(1, ack.id);
  writer.integer(2, ack.token);
  writer.integer(3, ack.offset);
  writer.flag(4, ack.full);
  writer.end(place);
}

/** What workers of several coordinators are told. */
export function writeOwners(writer: WireWriter, { adoption, moved, coordinators }: WorkAnswer): void {
  if (adoption) writer.bytes(7, toBinary(AdoptionSchema, adoption));
  for (const lease of moved ?? []) {
    const place = writer.begin(8);
    writer.text(1, lease.id);
    writer.integer(2, lease.token);
    writer.end(place);
  }
  for (const address of coordinators ?? []) writer.text(9, address);
}

export function writeDrain(writer: WireWriter, field: number, { drain }: WorkAnswer): void {
  writer.flag(field, drain ?? false);
}
