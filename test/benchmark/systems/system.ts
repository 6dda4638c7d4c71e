import type { ChildProcess } from "node:child_process";
import type { CpuMeter } from "../cpu-meter.ts";

/** What a worker process tells of its work when it has done the number of tasks it was asked for. */
export interface WorkReport {
  readonly executed: number;
  /** Microseconds from the due time in the payload to the start of the handler; empty unless asked for. */
  readonly startUs: readonly number[];
  /** The same to when the worker knows that the end is durable; empty where a system does not tell its workers. */
  readonly endUs: readonly number[];
}

/** A queue under test: its own server processes, and one worker process with a no-op handler. */
export interface System {
  readonly name: string;
  /** One client of its own connection; several are several submitters. */
  client(): Promise<Submitter>;
  /** From now on counts executions; resolves when `count` have been done. */
  work(count: number, timed: boolean): Promise<WorkReport>;
  /** Resolves when `count` tasks are durably ended and none is left. */
  drained(count: number): Promise<void>;
  readonly cpu: CpuMeter;
  close(): Promise<void>;
}

export interface Submitter {
  /** Resolves when every task of this message is durable. */
  submit(payloads: readonly Uint8Array[]): Promise<void>;
  /** Messages that may be on their way at a time. */
  readonly window: number;
  close(): Promise<void>;
}

/** Asks a worker process and waits for its answer. */
export function askWorker(worker: ChildProcess, count: number, timed: boolean): Promise<WorkReport> {
  return new Promise((resolve, reject) => {
    worker.once("message", (report) =>
      resolve({ startUs: [], endUs: [], ...(report as Partial<WorkReport>) } as WorkReport),
    );
    worker.once("exit", (code, signal) => reject(new Error(`the worker ended (${signal ?? code})`)));
    worker.send({ count, timed });
  });
}
