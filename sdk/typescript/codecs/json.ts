import { types } from "node:util";
import type { Serializer } from "./payload-codec.ts";
import { invalid, messageOf } from "./stage.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * What JSON.stringify makes of a value: inside it, undefined and functions are left out and NaN becomes null. A value that would be lost
 * as a whole, a BigInt or a cycle is refused with where it is.
 */
export const json: Serializer = {
  name: "json",
  contentType: "application/json",
  serialize(value) {
    const lost = lostAsJson(value);
    if (lost !== undefined) throw unserializable(lost);
    let text: string | undefined;
    try {
      text = JSON.stringify(value);
    } catch (error) {
      throw unserializable(faultOf(value) ?? `fails (${messageOf(error)})`);
    }
    if (text === undefined) throw unserializable("has a toJSON that gives undefined");
    return Buffer.from(text);
  },
  // What is wrong is told without the text: it may have been encrypted a moment ago, and errors end up in logs.
  deserialize(data) {
    let text: string;
    try {
      text = decoder.decode(data);
    } catch {
      throw invalid("PAYLOAD_NOT_JSON", `The payload of ${data.length} bytes is called JSON but is not UTF-8.`);
    }
    try {
      return JSON.parse(text);
    } catch {
      throw invalid("PAYLOAD_NOT_JSON", `The payload of ${data.length} bytes is called JSON but does not parse.`);
    }
  },
};

function unserializable(problem: string): Error {
  return invalid(
    "PAYLOAD_NOT_SERIALIZABLE",
    `The value cannot be written as JSON: it ${problem}; change it, or give payloadCodec() a serializer that carries it.`,
  );
}

function lostAsJson(value: unknown): string | undefined {
  if (value === undefined || typeof value === "function" || typeof value === "symbol")
    return `is ${value === undefined ? "undefined" : `a ${typeof value}`}`;
  if (typeof value === "number" && !Number.isFinite(value)) return `is ${value}`;
  if (types.isPromise(value)) return "is a promise that was not awaited";
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return "is binary";
  return undefined;
}

interface Step {
  readonly holder: unknown;
  readonly key: string;
}

/** Walks the value once more, as JSON.stringify does, to say where it stopped. */
function faultOf(value: unknown): string | undefined {
  const steps: Step[] = [];
  let fault: string | undefined;
  try {
    JSON.stringify(value, function (this: unknown, key: string, item: unknown) {
      const level = steps.findLastIndex(({ holder }) => holder === this);
      if (level >= 0) steps.length = level;
      steps.push({ holder: this, key });
      if (typeof item === "bigint") fault = steps.length === 1 ? "is a BigInt" : `holds a BigInt at ${pathOf(steps)}`;
      else if (typeof item === "object" && item !== null && steps.some(({ holder }) => holder === item))
        fault = `holds itself again at ${pathOf(steps)}`;
      return item;
    });
  } catch {
    return fault;
  }
  return fault;
}

function pathOf(steps: readonly Step[]): string {
  const path = steps.slice(1).map(({ holder, key }) => {
    if (Array.isArray(holder)) return `[${key}]`;
    return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  });
  const text = `value${path.join("")}`;
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
