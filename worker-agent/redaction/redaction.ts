import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { writeWhole } from "../journal/write-file.ts";
import { machinesOf } from "./machines-of.ts";
import { createRedactor, NOTHING_WAITS, redactBytes, type Waiting } from "./redactor.ts";
import { SHORTEST_MASKED } from "./secret-forms.ts";

/** Masks the values of one attempt in all that it says. */
export interface Redaction {
  text(text: string): string;
  bytes(bytes: Uint8Array): Uint8Array;
  /** What comes in pieces. @param take is given what is masked, as soon as it is certain. */
  stream(name: StreamName, take: (data: Uint8Array) => void): RedactedStream;
}

export type StreamName = "stdout" | "stderr" | "control";

export interface RedactedStream {
  push(data: Uint8Array): void;
  /** Nothing follows. */
  end(): void;
}

/**
 * @param values by variable.
 * @param path of the attempt's directory: what waits in a stream is kept there as a few numbers, so that an agent that takes
 * the attempt up goes on where this one was. Of a value nothing comes to the disk.
 */
export function openRedaction(values: Readonly<Record<string, string>>, path: string): Redaction {
  const machines = machinesOf(Object.values(values));
  const file = join(path, "redaction");
  const waiting: Partial<Record<StreamName, Waiting>> = readWaiting(file);
  const keep = (name: StreamName, now: Waiting): void => {
    if (isDeepStrictEqual(waiting[name] ?? NOTHING_WAITS, now)) return;
    waiting[name] = now;
    try {
      writeWhole(file, JSON.stringify(waiting));
    } catch {
      // A full disk. What is there from before would be taken for what waits now.
      rmSync(file, { force: true });
    }
  };
  return {
    text: (text) => Buffer.from(redactBytes(machines, Buffer.from(text))).toString("utf8"),
    bytes: (bytes) => redactBytes(machines, bytes),
    stream(name, take) {
      const redactor = createRedactor(machines, waiting[name]);
      const pass = (data: Uint8Array): void => {
        // Before what is certain leaves: an agent that ends here loses the begin of a value rather than show its end.
        keep(name, redactor.waiting);
        if (data.length > 0) take(data);
      };
      return { push: (data) => pass(redactor.push(data)), end: () => pass(redactor.end(SHORTEST_MASKED)) };
    },
  };
}

/** Variables whose values are too short to be looked for. */
export function unmasked(values: Readonly<Record<string, string>>): string[] {
  return Object.keys(values).filter((name) => (values[name] ?? "").length < SHORTEST_MASKED);
}

function readWaiting(file: string): Partial<Record<StreamName, Waiting>> {
  try {
    const kept = JSON.parse(readFileSync(file, "utf8")) as Partial<Record<StreamName, Partial<Waiting>>>;
    return Object.fromEntries(Object.entries(kept).map(([name, waiting]) => [name, { ...NOTHING_WAITS, ...waiting }]));
  } catch {
    return {};
  }
}
