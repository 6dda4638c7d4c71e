import { fromBinary } from "@bufbuild/protobuf";
import {
  type Adoption,
  AdoptionSchema,
  type CancelOrder,
  CancelOrderSchema,
  type HeldLease,
  HeldLeaseSchema,
  type LogAck,
  LogAckSchema,
  type Welcome,
  WelcomeSchema,
} from "../../../proto/gen/tss/v1/worker_service_pb.js";
import { WireReader } from "../../../proto/wire-reader.ts";
import { type ReceivedLease, readLease } from "./received-lease.ts";
import type { ReportAck } from "./work-session-types.ts";

/** Told of each part of a WorkResponse, in the order they were written. */
export interface WorkResponseParts {
  welcome(welcome: Welcome): void;
  lease(lease: ReceivedLease): void;
  acknowledged(ack: ReportAck): void;
  cancel(order: CancelOrder): void;
  logAcknowledged(ack: LogAck): void;
  drain(): void;
  adoption(adoption: Adoption): void;
  moved(lease: HeldLease): void;
  /** One address of all. */
  coordinator(address: string): void;
}

/** Reads a WorkResponse, by the tags of worker_service.proto. @throws WireError when it is none. */
export function readWorkResponse(bytes: Buffer, parts: WorkResponseParts): void {
  const reader = new WireReader(bytes);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 0x0a:
        parts.welcome(fromBinary(WelcomeSchema, reader.bytes()));
        break;
      case 0x12:
        parts.lease(readLease(reader));
        break;
      case 0x1a:
        parts.acknowledged(readAck(reader));
        break;
      case 0x22:
        parts.cancel(fromBinary(CancelOrderSchema, reader.bytes()));
        break;
      case 0x2a:
        parts.logAcknowledged(fromBinary(LogAckSchema, reader.bytes()));
        break;
      case 0x30:
        if (reader.flag()) parts.drain();
        break;
      case 0x3a:
        parts.adoption(fromBinary(AdoptionSchema, reader.bytes()));
        break;
      case 0x42:
        parts.moved(fromBinary(HeldLeaseSchema, reader.bytes()));
        break;
      case 0x4a:
        parts.coordinator(reader.text());
        break;
      default:
        reader.skip(tag);
    }
  }
}

class Ack implements ReportAck {
  readonly id: string;
  readonly token: number;
  readonly accepted: boolean;

  constructor(id: string, token: number, accepted: boolean) {
    this.id = id;
    this.token = token;
    this.accepted = accepted;
  }

  get fencingToken(): bigint {
    return BigInt(this.token);
  }
}

function readAck(reader: WireReader): ReportAck {
  const outer = reader.enter();
  let id = "";
  let token = 0;
  let accepted = false;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x0a) id = reader.text();
    else if (tag === 0x10) token = reader.integer();
    else if (tag === 0x18) accepted = reader.flag();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return new Ack(id, token, accepted);
}
