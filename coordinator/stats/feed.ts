import { randomBytes } from "node:crypto";

/** Frames that a watcher may have missed and still goes on from: 2 min of seconds. */
const KEPT = 120;
/** A reader that is this far behind is given everything anew instead of all that it missed. */
const BEHIND = 10;

interface Frame {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** One stream of frames for everyone who watches: each is made and encoded once, and a watcher costs a place in it. */
export class Feed {
  readonly #boot = randomBytes(6).toString("base64url");
  readonly #behind: number;
  #frames: Frame[] = [];
  #number = 0;
  #snapshot: Frame | null = null;
  readonly #waiting = new Set<() => void>();
  #watchers = 0;

  /** @param behind frames that a slow reader is still given one by one. */
  constructor(behind = BEHIND) {
    this.#behind = behind;
  }

  get watchers(): number {
    return this.#watchers;
  }

  /** Cursor of the frame that comes next. */
  get nextCursor(): string {
    return `${this.#boot}.${this.#number + 1}`;
  }

  get cursor(): string {
    return `${this.#boot}.${this.#number}`;
  }

  publish(bytes: Uint8Array): void {
    this.#number++;
    this.#frames.push({ number: this.#number, bytes });
    if (this.#frames.length > KEPT) this.#frames.shift();
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /**
   * Frames after the cursor; a snapshot first where it is unknown or too old.
   * @param snapshot everything as of the newest frame, encoded under `cursor`; asked for once a frame at most.
   */
  async *watch(cursor: string, snapshot: () => Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    this.#watchers++;
    try {
      let at = this.#place(cursor);
      while (!signal.aborted) {
        if (at === null || this.#number - at > this.#behind) {
          const frame = this.#everything(snapshot);
          at = frame.number;
          yield frame.bytes;
        } else if (at < this.#number) {
          const next: number = at + 1;
          const frame = this.#frames.find(({ number }) => number === next);
          at = frame === undefined ? null : next;
          if (frame !== undefined) yield frame.bytes;
        } else await this.#next(signal);
      }
    } finally {
      this.#watchers--;
    }
  }

  #place(cursor: string): number | null {
    const [boot, number] = cursor.split(".");
    if (boot !== this.#boot || number === undefined || !/^\d{1,15}$/.test(number)) return null;
    const place = Number(number);
    const oldest = this.#frames[0]?.number ?? this.#number + 1;
    return place >= oldest - 1 && place <= this.#number ? place : null;
  }

  #everything(snapshot: () => Uint8Array): Frame {
    if (this.#snapshot?.number !== this.#number) this.#snapshot = { number: this.#number, bytes: snapshot() };
    return this.#snapshot as Frame;
  }

  #next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}
