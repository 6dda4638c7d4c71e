/** Nanoseconds of the machine-wide monotonic clock, at the start of a payload. */
export function stamp(payload: Uint8Array, dueNs: bigint): void {
  new DataView(payload.buffer, payload.byteOffset).setBigUint64(0, dueNs);
}

/** Counts what a worker process does and tells its parent. */
export class WorkLog {
  #left = 0;
  #count = 0;
  #timed = false;
  #startUs: number[] = [];

  constructor() {
    process.on("message", ({ count, timed }: { count: number; timed: boolean }) => {
      this.#left = count;
      this.#count = count;
      this.#timed = timed;
      this.#startUs = [];
    });
    // The parent's end is this process's end.
    process.once("disconnect", () => process.exit());
  }

  ready(): void {
    process.send?.("ready");
  }

  started(payload: Uint8Array): void {
    if (this.#timed) {
      const dueNs = new DataView(payload.buffer, payload.byteOffset).getBigUint64(0);
      this.#startUs.push(Number(process.hrtime.bigint() - dueNs) / 1_000);
    }
    if (--this.#left === 0) process.send?.({ executed: this.#count, startUs: this.#startUs });
  }
}
