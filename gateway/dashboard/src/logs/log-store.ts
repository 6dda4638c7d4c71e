import { type Look, PLAIN, readAnsi } from "./ansi.ts";

export interface LogLine {
  /** From 1, over the whole attempt. */
  readonly number: number;
  /** With its escape sequences. */
  readonly text: string;
  readonly stream: "stdout" | "stderr" | "note";
  readonly at: string | undefined;
  /** Look at its begin. */
  readonly look: Look;
}

/** A stretch of output as it comes. */
export interface Chunk {
  readonly offset: number;
  readonly stream: "stdout" | "stderr";
  readonly data: Uint8Array;
  readonly at: string | undefined;
  readonly elidedBytes: number;
}

/** Lines kept for the page; the oldest go first. */
export const MAX_LINES = 200_000;
/** Characters of a line; the rest is only in the download. */
export const MAX_LINE = 10_000;

interface Partial {
  readonly decoder: TextDecoder;
  text: string;
  cut: number;
  look: Look;
  at: string | undefined;
}

/** Output as lines: bytes in order of their offsets go in, whatever is a line comes out. Broken UTF-8 becomes U+FFFD. */
export class LogStore {
  readonly lines: LogLine[] = [];
  /** First byte that is not here yet. */
  next = 0;
  /** Lines that were dropped from the begin. */
  dropped = 0;
  ended = false;
  #count = 0;
  readonly #partials = { stdout: newPartial(), stderr: newPartial() };

  /** False: bytes before it are missing, and nothing was taken. What is here already is passed over. */
  append(chunk: Chunk): boolean {
    if (chunk.offset - chunk.elidedBytes > this.next) return false;
    if (chunk.elidedBytes > 0 && chunk.offset > this.next) this.#elide(chunk.elidedBytes);
    const skip = Math.max(this.next - chunk.offset, 0);
    if (skip >= chunk.data.length) return true;
    this.next = chunk.offset + chunk.data.length;
    this.#write(chunk.stream, chunk.data.subarray(skip), chunk.at);
    return true;
  }

  /** The attempt's output is complete: what has no end of line is a line too. */
  end(): void {
    for (const stream of ["stdout", "stderr"] as const) {
      const partial = this.#partials[stream];
      partial.text += partial.decoder.decode();
      if (partial.text !== "") this.#finish(stream);
    }
    this.ended = true;
  }

  /** Lines with those that have no end yet. */
  all(): readonly LogLine[] {
    const open = (["stdout", "stderr"] as const).filter((stream) => this.#partials[stream].text !== "");
    if (open.length === 0) return this.lines;
    return [
      ...this.lines,
      ...open.map((stream, index) => {
        const { text, look, at, cut } = this.#partials[stream];
        return { number: this.#count + 1 + index, text: text + cutNote(cut), stream, at, look };
      }),
    ];
  }

  #write(stream: "stdout" | "stderr", data: Uint8Array, at: string | undefined): void {
    const partial = this.#partials[stream];
    const text = partial.decoder.decode(data, { stream: true });
    partial.at ??= at;
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      this.#add(partial, text.slice(from, end));
      this.#finish(stream);
      partial.at = at;
      from = end + 1;
    }
    this.#add(partial, text.slice(from));
    if (partial.text === "") partial.at = undefined;
  }

  #add(partial: Partial, text: string): void {
    const room = MAX_LINE - partial.text.length;
    partial.cut += Math.max(text.length - room, 0);
    partial.text = overwrite(partial.text + text.slice(0, Math.max(room, 0)));
  }

  #finish(stream: "stdout" | "stderr"): void {
    const partial = this.#partials[stream];
    const text = partial.text.replace(/\r$/, "");
    this.#push(text + cutNote(partial.cut), stream, partial.at, partial.look);
    partial.look = readAnsi(text, partial.look).end;
    partial.text = "";
    partial.cut = 0;
    partial.at = undefined;
  }

  #elide(bytes: number): void {
    this.#push(`… ${bytes.toLocaleString("en")} bytes were not kept …`, "note", undefined, PLAIN);
  }

  #push(text: string, stream: LogLine["stream"], at: string | undefined, look: Look): void {
    this.#count++;
    this.lines.push({ number: this.#count, text, stream, at, look });
    if (this.lines.length > MAX_LINES + MAX_LINES / 10) {
      this.dropped += this.lines.length - MAX_LINES;
      this.lines.splice(0, this.lines.length - MAX_LINES);
    }
  }
}

function newPartial(): Partial {
  return { decoder: new TextDecoder("utf-8"), text: "", cut: 0, look: PLAIN, at: undefined };
}

/** A carriage return begins the line anew, as a progress bar does; the last one, if nothing follows, may be half of an end. */
function overwrite(text: string): string {
  const at = text.lastIndexOf("\r", text.length - 2);
  return at < 0 ? text : text.slice(at + 1);
}

function cutNote(characters: number): string {
  return characters === 0 ? "" : ` … ${characters.toLocaleString("en")} more characters are in the download`;
}
