/** Nanoseconds of the machine-wide monotonic clock, at the start of a payload. */
export function stamp(payload: Uint8Array, dueNs: bigint): void {
  new DataView(payload.buffer, payload.byteOffset).setBigUint64(0, dueNs);
}

/** Counts what a worker process does and tells its parent. */
export class WorkLog {
  readonly #hearsEnds: boolean;
  #count = 0;
  #executed = 0;
  #timed = false;
  #startUs: number[] = [];
  #endUs: number[] = [];
  /** When tasks were due that run or whose end is not known to be durable, by id. */
  #due = new Map<string, bigint>();

  /** @param hearsEnds whether `ended` will be called for every task. */
  constructor(hearsEnds: boolean) {
    this.#hearsEnds = hearsEnds;
    process.on("message", ({ count, timed }: { count: number; timed: boolean }) => {
      this.#count = count;
      this.#timed = timed;
      this.#executed = 0;
      this.#startUs = [];
      this.#endUs = [];
      this.#due = new Map();
    });
    // The parent's end is this process's end.
    process.once("disconnect", () => process.exit());
  }

  ready(): void {
    process.send?.("ready");
  }

  started(payload: Uint8Array, id = ""): void {
    this.#executed++;
    if (this.#timed) {
      const dueNs = new DataView(payload.buffer, payload.byteOffset).getBigUint64(0);
      this.#startUs.push(microsecondsSince(dueNs));
      if (this.#hearsEnds) this.#due.set(id, dueNs);
    }
    this.#tell();
  }

  /** The worker has been told that the end of a task is durable. */
  ended(id: string): void {
    const dueNs = this.#due.get(id);
    if (dueNs === undefined) return;
    this.#due.delete(id);
    this.#endUs.push(microsecondsSince(dueNs));
    this.#tell();
  }

  #tell(): void {
    if (this.#executed < this.#count) return;
    if (this.#timed && this.#hearsEnds && this.#endUs.length < this.#count) return;
    process.send?.({ executed: this.#executed, startUs: this.#startUs, endUs: this.#endUs });
  }
}

function microsecondsSince(dueNs: bigint): number {
  return Number(process.hrtime.bigint() - dueNs) / 1_000;
}
