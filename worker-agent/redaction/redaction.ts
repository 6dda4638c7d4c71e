import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../journal/write-file.ts";
import { buildMachine, type PatternMachine } from "./pattern-machine.ts";
import { createRedactor, NOTHING_WAITS, redactBytes, type Waiting } from "./redactor.ts";
import { formsOf, SHORTEST_MASKED } from "./secret-forms.ts";

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
 * @param path of the attempt's directory: what waits in a stream is kept there as two numbers, so that an agent that takes
 * the attempt up goes on where this one was. Of a value nothing comes to the disk.
 */
export function openRedaction(values: Readonly<Record<string, string>>, path: string): Redaction {
  const machine = machineOf(values);
  const file = join(path, "redaction");
  const waiting: Partial<Record<StreamName, Waiting>> = readWaiting(file);
  const keep = (name: StreamName, now: Waiting): void => {
    const { state, masked } = waiting[name] ?? NOTHING_WAITS;
    if (state === now.state && masked === now.masked) return;
    waiting[name] = now;
    try {
      writeWhole(file, JSON.stringify(waiting));
    } catch {
      // A full disk. What is there from before would be taken for what waits now.
      rmSync(file, { force: true });
    }
  };
  return {
    text: (text) => Buffer.from(redactBytes(machine, Buffer.from(text))).toString("utf8"),
    bytes: (bytes) => redactBytes(machine, bytes),
    stream(name, take) {
      const redactor = createRedactor(machine, waiting[name]);
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

/** In one order for every agent, so that the numbers of its states mean the same to the next one. */
function machineOf(values: Readonly<Record<string, string>>): PatternMachine {
  return buildMachine([...new Set(Object.values(values))].sort().flatMap(formsOf));
}

function readWaiting(file: string): Partial<Record<StreamName, Waiting>> {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Partial<Record<StreamName, Waiting>>;
  } catch {
    return {};
  }
}
