import { LIMITS } from "../../proto/limits.ts";
import { WireWriter } from "../../proto/wire-writer.ts";
import type { WorkAnswer } from "../operations/operations.ts";
import {
  writeCancel,
  writeDrain,
  writeLease,
  writeLogAck,
  writeOutcomeAck,
  writeOwners,
  writeWelcome,
} from "./encode-work.ts";
import type { StreamSender } from "./stream-sender.ts";

const LEASES_PER_MESSAGE = 200;
/** Room that the estimates below may be wrong by, and still no message passes the limit. */
const MESSAGE_BYTES = LIMITS.messageBytes - 256 * 1024;
/** At least what one entry takes on the wire apart from its spec. */
const ENTRY_BYTES = 128;

/** Joins what is said to a worker in one turn of the event loop into as few WorkResponses as fit. */
export class WorkOutbox {
  private readonly sender: StreamSender;
  private readonly maxBytes: number;
  private readonly overflow: () => void;
  private readonly ready: Uint8Array[] = [];
  private readonly drainCallbacks: (() => void)[] = [];
  private readonly writer = new WireWriter();
  private leases = 0;
  private bytes = 0;
  private readyBytes = 0;
  private scheduled = false;
  private closed = false;

  /**
   * @param maxBytes of answers that wait for a slow peer; @param overflow is told once when they are more.
   */
  constructor(sender: StreamSender, maxBytes: number, overflow: () => void) {
    this.sender = sender;
    this.maxBytes = maxBytes;
    this.overflow = overflow;
  }

  /** @returns false when the peer reads too slowly. */
  send(answer: WorkAnswer): boolean {
    if (this.closed) return false;
    this.append(answer);
    return this.schedule();
  }

  /** As `send`, for the answer that there are most of. */
  acknowledge(id: string, token: number, accepted: boolean): boolean {
    if (this.closed) return false;
    this.room(ENTRY_BYTES);
    writeOutcomeAck(this.writer, id, token, accepted);
    return this.schedule();
  }

  private schedule(): boolean {
    if (this.readyBytes + this.bytes > this.maxBytes) {
      this.close();
      this.overflow();
      return false;
    }
    if (!this.scheduled && !this.sender.congested) {
      this.scheduled = true;
      setImmediate(() => this.flush());
    }
    return !this.congested;
  }

  /** The peer has not taken what was sent before. */
  get congested(): boolean {
    return this.sender.congested || this.readyBytes > MESSAGE_BYTES;
  }

  onDrained(callback: () => void): void {
    if (this.congested) this.drainCallbacks.push(callback);
    else setImmediate(callback);
  }

  /** Writes everything now, the peer slow or not. */
  flush(): void {
    this.scheduled = false;
    this.cut();
    for (const message of this.ready.splice(0)) this.sender.write(message);
    this.readyBytes = 0;
    if (this.sender.congested) this.sender.onDrained(() => this.drained());
    else this.tellDrained();
  }

  /** Drops what waits; nothing is sent after it. */
  close(): void {
    this.closed = true;
    this.ready.length = 0;
    this.readyBytes = 0;
    this.drainCallbacks.length = 0;
    this.writer.clear();
    this.bytes = 0;
  }

  private drained(): void {
    if (this.closed) return;
    if (this.ready.length > 0 || this.bytes > 0) this.flush();
    else this.tellDrained();
  }

  private tellDrained(): void {
    for (const callback of this.drainCallbacks.splice(0)) callback();
  }

  private append(answer: WorkAnswer): void {
    if (answer.welcome) {
      this.room(
        ENTRY_BYTES *
          (1 + answer.welcome.adopted.length + answer.welcome.refused.length + answer.welcome.elsewhere.length),
      );
      writeWelcome(this.writer, answer);
    }
    for (const lease of answer.leases ?? []) {
      if (this.leases === LEASES_PER_MESSAGE) this.cut();
      this.room(ENTRY_BYTES + lease.spec.length);
      this.leases++;
      writeLease(this.writer, lease);
    }
    for (const { id, token, accepted } of answer.outcomeAcks ?? []) {
      this.room(ENTRY_BYTES);
      writeOutcomeAck(this.writer, id, token, accepted);
    }
    for (const cancel of answer.cancels ?? []) {
      this.room(ENTRY_BYTES);
      writeCancel(this.writer, 4, cancel);
    }
    for (const ack of answer.logAcks ?? []) {
      this.room(ENTRY_BYTES);
      writeLogAck(this.writer, ack);
    }
    // Nothing to write: the message itself is the answer.
    if (answer.heard) this.room(ENTRY_BYTES);
    if (answer.drain) {
      this.room(ENTRY_BYTES);
      writeDrain(this.writer, 6, answer);
    }
    this.appendOwners(answer);
  }

  private appendOwners(answer: WorkAnswer): void {
    const { adoption, moved = [], coordinators = [] } = answer;
    const entries = adoption
      ? 1 + adoption.adopted.length + adoption.refused.length + adoption.elsewhere.length
      : moved.length + coordinators.length;
    if (entries === 0) return;
    this.room(ENTRY_BYTES * entries);
    writeOwners(this.writer, answer);
  }

  private room(bytes: number): void {
    if (this.bytes > 0 && this.bytes + bytes > MESSAGE_BYTES) this.cut();
    this.bytes += bytes;
  }

  private cut(): void {
    if (this.bytes === 0) return;
    const message = this.writer.finish();
    this.ready.push(message);
    this.readyBytes += message.length;
    this.leases = 0;
    this.bytes = 0;
  }
}
