import { fromBinary } from "@bufbuild/protobuf";
import type { TaskLock, TaskSpec } from "../../../proto/gen/tss/v1/task_pb.js";
import { type Lease, LeaseSchema } from "../../../proto/gen/tss/v1/worker_service_pb.js";
import type { WireReader } from "../../../proto/wire-reader.ts";
import type { PayloadParts } from "../codecs/payload-codec.ts";

/** What a handler is told of its task. */
export interface LeasedTask {
  readonly name: string;
  readonly queue: string;
  readonly type: string;
  readonly payload: PayloadParts | undefined;
  readonly traceparent: string;
  /** Milliseconds; absent: none is given. */
  readonly heartbeatMs: number | undefined;
  readonly cancelGraceMs: number | undefined;
}

/** A lock that comes with a lease. */
interface LeasedLock {
  readonly name: string;
  readonly token: number;
}

/** The fields of a lease that every attempt needs. */
interface LeaseFacts {
  readonly id: string;
  readonly token: number;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly timeoutMs: number | undefined;
  readonly cancelGraceMs: number | undefined;
  readonly heartbeatMs: number | undefined;
  readonly task: LeasedTask;
  /** In the order of names. */
  readonly heldLocks: readonly LeasedLock[];
}

/**
 * A lease as it came. What every attempt needs has been read; the fields of the message Lease are there too, decoded by
 * its schema when the first of them is asked for.
 */
export class ReceivedLease implements LeaseFacts, Lease {
  readonly id: string;
  readonly token: number;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly timeoutMs: number | undefined;
  readonly cancelGraceMs: number | undefined;
  readonly heartbeatMs: number | undefined;
  readonly task: LeasedTask;
  readonly heldLocks: readonly LeasedLock[];
  readonly #source: Buffer;
  readonly #start: number;
  readonly #end: number;
  #message: Lease | undefined;

  /** @param source memory that holds the message between `start` and `end`. */
  constructor(facts: LeaseFacts, source: Buffer, start: number, end: number) {
    this.id = facts.id;
    this.token = facts.token;
    this.attempt = facts.attempt;
    this.maxAttempts = facts.maxAttempts;
    this.timeoutMs = facts.timeoutMs;
    this.cancelGraceMs = facts.cancelGraceMs;
    this.heartbeatMs = facts.heartbeatMs;
    this.task = facts.task;
    this.heldLocks = facts.heldLocks;
    this.#source = source;
    this.#start = start;
    this.#end = end;
  }

  get $typeName(): "tss.v1.Lease" {
    return "tss.v1.Lease";
  }

  get fencingToken(): bigint {
    return BigInt(this.token);
  }

  get spec(): TaskSpec | undefined {
    return this.#whole().spec;
  }

  get timeout(): Lease["timeout"] {
    return this.#whole().timeout;
  }

  get cancelGrace(): Lease["cancelGrace"] {
    return this.#whole().cancelGrace;
  }

  get heartbeatTimeout(): Lease["heartbeatTimeout"] {
    return this.#whole().heartbeatTimeout;
  }

  get createdAt(): Lease["createdAt"] {
    return this.#whole().createdAt;
  }

  get locks(): TaskLock[] {
    return this.heldLocks.length === 0 ? [] : this.#whole().locks;
  }

  #whole(): Lease {
    this.#message ??= fromBinary(LeaseSchema, this.#source.subarray(this.#start, this.#end));
    return this.#message;
  }
}

const NO_TASK: LeasedTask = {
  name: "",
  queue: "",
  type: "",
  payload: undefined,
  traceparent: "",
  heartbeatMs: undefined,
  cancelGraceMs: undefined,
};

const NO_LOCKS: readonly LeasedLock[] = [];

/** What the task before said: the next one is like it, as a rule. */
let lastName = "";
let lastQueue = "";
let lastType = "";
let lastContentType = "";

/** Reads a field that is a Lease, by the tags of worker_service.proto. @throws WireError when it is none. */
export function readLease(reader: WireReader): ReceivedLease {
  const outer = reader.enter();
  const start = reader.place;
  let id = "";
  let token = 0;
  let attempt = 0;
  let maxAttempts = 0;
  let timeoutMs: number | undefined;
  let cancelGraceMs: number | undefined;
  let heartbeatMs: number | undefined;
  let task = NO_TASK;
  let locks: LeasedLock[] | undefined;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 0x0a:
        id = reader.text();
        break;
      case 0x10:
        token = reader.integer();
        break;
      case 0x18:
        attempt = reader.integer();
        break;
      case 0x22:
        task = readTask(reader);
        break;
      case 0x2a:
        timeoutMs = reader.milliseconds();
        break;
      case 0x32:
        cancelGraceMs = reader.milliseconds();
        break;
      case 0x3a:
        heartbeatMs = reader.milliseconds();
        break;
      case 0x48:
        maxAttempts = reader.integer();
        break;
      case 0x52:
        locks ??= [];
        locks.push(readLock(reader));
        break;
      default:
        reader.skip(tag);
    }
  }
  const facts = {
    id,
    token,
    attempt,
    maxAttempts,
    timeoutMs,
    cancelGraceMs,
    heartbeatMs,
    task,
    heldLocks: locks ?? NO_LOCKS,
  };
  const lease = new ReceivedLease(facts, reader.source, start, reader.place);
  reader.leave(outer);
  return lease;
}

/** A TaskLock, by the tags of task.proto. */
function readLock(reader: WireReader): LeasedLock {
  const outer = reader.enter();
  let name = "";
  let token = 0;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x0a) name = reader.text();
    else if (tag === 0x10) token = reader.integer();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { name, token };
}

/** A TaskSpec, by the tags of task.proto. */
function readTask(reader: WireReader): LeasedTask {
  const outer = reader.enter();
  let name = "";
  let queue = "";
  let type = "";
  let payload: PayloadParts | undefined;
  let traceparent = "";
  let heartbeatMs: number | undefined;
  let cancelGraceMs: number | undefined;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 0x0a:
        name = reader.text(lastName);
        break;
      case 0x12:
        queue = reader.text(lastQueue);
        break;
      case 0x32:
        type = reader.text(lastType);
        break;
      case 0x3a:
        payload = readPayload(reader);
        break;
      case 0x72:
        heartbeatMs = reader.milliseconds();
        break;
      case 0xb2:
        cancelGraceMs = reader.milliseconds();
        break;
      case 0xba:
        traceparent = reader.text();
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  lastName = name;
  lastQueue = queue;
  lastType = type;
  return { name, queue, type, payload, traceparent, heartbeatMs, cancelGraceMs };
}

const NO_BYTES = new Uint8Array();
const NO_ENCODINGS: readonly string[] = [];

function readPayload(reader: WireReader): PayloadParts {
  const outer = reader.enter();
  let data: Uint8Array = NO_BYTES;
  let contentType = "";
  let encodings: string[] | undefined;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x0a) data = reader.bytes();
    else if (tag === 0x12) {
      contentType = reader.text(lastContentType);
      lastContentType = contentType;
    } else if (tag === 0x1a) {
      encodings ??= [];
      encodings.push(reader.text());
    } else reader.skip(tag);
  }
  reader.leave(outer);
  return { data, contentType, encodings: encodings ?? NO_ENCODINGS };
}
