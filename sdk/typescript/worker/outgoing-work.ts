import { WireWriter } from "../../../proto/wire-writer.ts";
import { type HandlerReport, writeReport } from "./handler-report.ts";

/** Fields of WorkRequest. */
export const WORK_REQUEST = {
  credit: 2,
  outcome: 3,
  start: 4,
  progress: 5,
  log: 6,
  draining: 7,
  creditWithdrawn: 8,
  announcement: 9,
} as const;

/** What reports and output take in one message, so that a message stays far below its limit. */
const FULL_BYTES = 512 * 1024;

/** What a worker says in one turn of the event loop, joined to one message. */
export class OutgoingWork {
  readonly #send: (message: Buffer) => void;
  /** Reports, written as they come. */
  readonly #writer = new WireWriter();
  /** The rest. */
  #credit = 0;
  #withdrawn = 0;
  #draining = false;
  #scheduled = false;

  constructor(send: (message: Buffer) => void) {
    this.#send = send;
  }

  /** Adds a field that is a message. */
  add(field: number, bytes: Uint8Array): void {
    this.#writer.bytes(field, bytes);
    this.#schedule();
  }

  report(report: HandlerReport): void {
    writeReport(this.#writer, WORK_REQUEST.outcome, report);
    this.#schedule();
  }

  credit(count: number): void {
    this.#credit += count;
    this.#schedule();
  }

  withdraw(count: number): void {
    this.#withdrawn += count;
    this.#schedule();
  }

  drain(): void {
    this.#draining = true;
    this.#schedule();
  }

  /** Sends what there is now. */
  flush(): void {
    this.#writer.integer(WORK_REQUEST.credit, this.#credit);
    this.#writer.flag(WORK_REQUEST.draining, this.#draining);
    this.#writer.integer(WORK_REQUEST.creditWithdrawn, this.#withdrawn);
    // An empty message would be a sign of life.
    if (this.#writer.length === 0) return;
    this.#forget();
    this.#send(this.#writer.finish());
  }

  /** Drops what was not sent. */
  clear(): void {
    this.#writer.clear();
    this.#forget();
  }

  #forget(): void {
    this.#credit = 0;
    this.#withdrawn = 0;
    this.#draining = false;
  }

  #schedule(): void {
    if (this.#writer.length > FULL_BYTES) return this.flush();
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }
}
