import { create, type DescField, type DescMessage, type Message } from "@bufbuild/protobuf";
import { PayloadSchema } from "../../proto/gen/tss/v1/task_pb.js";
import { nearest } from "../../runtime/nearest.ts";
import { type Kind, kindOf } from "./field-kinds.ts";
import { type JsonObject, JsonProblem, type JsonValue } from "./parse-json.ts";

/**
 * A message from REST JSON. Unknown fields and wrong types are refused with their path; null stands for "not given".
 * @throws JsonProblem
 */
export function fromJson(desc: DescMessage, json: JsonValue, path = ""): Message {
  if (json === null || typeof json !== "object" || Array.isArray(json))
    throw new JsonProblem(path, `must be an object`);
  const message = create(desc) as unknown as Record<string, unknown>;
  for (const [name, value] of Object.entries(json)) {
    const at = path === "" ? name : `${path}.${name}`;
    const field = desc.fields.find((candidate) => candidate.jsonName === name || candidate.name === name);
    if (field === undefined) throw unknownField(desc, name, at);
    if (value === null) continue;
    const read = readField(field, value, at);
    if (field.oneof === undefined) message[field.localName] = read;
    else {
      const chosen = message[field.oneof.localName] as { case?: string };
      if (chosen.case !== undefined) throw new JsonProblem(at, `must not be given together with ${chosen.case}`);
      message[field.oneof.localName] = { case: field.localName, value: read };
    }
  }
  return message as unknown as Message;
}

function unknownField(desc: DescMessage, name: string, at: string): JsonProblem {
  const near = nearest(
    name,
    desc.fields.map((field) => field.jsonName),
  );
  return new JsonProblem(
    at,
    near === undefined ? "is not a known field" : `is not a known field; did you mean ${near}?`,
  );
}

function readField(field: DescField, value: JsonValue, at: string): unknown {
  const kind = kindOf(field);
  if (field.fieldKind === "list") {
    if (!Array.isArray(value)) throw new JsonProblem(at, "must be a list");
    return value.map((item, index) => readValue(kind, item, `${at}[${index}]`));
  }
  if (field.fieldKind === "map") {
    if (value === null || typeof value !== "object" || Array.isArray(value))
      throw new JsonProblem(at, "must be an object");
    // A key `__proto__` is kept as a key.
    const map: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value))
      Object.defineProperty(map, key, {
        value: readValue(kind, item, `${at}.${key}`),
        enumerable: true,
        writable: true,
        configurable: true,
      });
    return map;
  }
  return readValue(kind, value, at);
}

function beyond(number: number, min: number): string {
  if (number > min) return "is too large";
  return min === 0 ? "must not be negative" : "is too small";
}

function readValue(kind: Kind, value: JsonValue, at: string): unknown {
  switch (kind.kind) {
    case "string":
      return expectType(value, "string", at);
    case "boolean":
      return expectType(value, "boolean", at);
    case "number":
      return expectType(value, "number", at);
    case "integer": {
      const number = expectType(value, "number", at) as number;
      if (!Number.isInteger(number)) throw new JsonProblem(at, `must be a whole number (it is ${number})`);
      // The bounds of the wire are not those of the field, which the coordinator tells.
      if (number < kind.min || number > kind.max)
        throw new JsonProblem(at, `${beyond(number, kind.min)} (it is ${number})`);
      return number;
    }
    case "long": {
      const number = expectType(value, "number", at) as number;
      if (!Number.isSafeInteger(number)) throw new JsonProblem(at, "must be a whole number below 2^53");
      return BigInt(number);
    }
    case "bytes": {
      const text = expectType(value, "string", at) as string;
      if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) throw new JsonProblem(at, "must be base64");
      return new Uint8Array(Buffer.from(text, "base64"));
    }
    case "enum":
      return readEnum(kind.names, value, at);
    case "timestamp":
      return readTime(value, at);
    case "duration":
      return readDuration(value, at);
    case "payload":
      return create(PayloadSchema, {
        data: new Uint8Array(Buffer.from(JSON.stringify(value))),
        contentType: "application/json",
      });
    case "status":
      throw new JsonProblem(at, "is only ever answered");
    case "message":
      return fromJson(kind.field.message as DescMessage, whole(kind.short, value), at);
  }
}

/** A text that stands for a message, as that message. */
function whole(short: string | undefined, value: JsonValue): JsonValue {
  return short !== undefined && typeof value === "string" ? { [short]: value } : value;
}

function expectType(value: JsonValue, type: "string" | "number" | "boolean", at: string): JsonValue {
  const article = { string: "a text", number: "a number", boolean: "true or false" }[type];
  if (typeof value !== type) throw new JsonProblem(at, `must be ${article}`);
  return value;
}

function readEnum(names: ReadonlyMap<number, string>, value: JsonValue, at: string): number {
  for (const [number, name] of names) if (name === value) return number;
  throw new JsonProblem(at, `must be one of ${[...names.values()].join(", ")}`);
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

function readTime(value: JsonValue, at: string): JsonObject | object {
  const ms = typeof value === "string" && RFC3339.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw new JsonProblem(at, "must be a time such as 2027-01-31T08:00:00Z");
  const seconds = Math.floor(ms / 1_000);
  return {
    $typeName: "google.protobuf.Timestamp",
    seconds: BigInt(seconds),
    nanos: (ms - seconds * 1_000) * 1_000_000,
  };
}

function readDuration(value: JsonValue, at: string): object {
  const total = expectType(value, "number", at) as number;
  if (Math.abs(total) > 315_576_000_000) throw new JsonProblem(at, "must be a number of seconds, at most 10 000 years");
  // Whole microseconds: finer ones are beyond what a JSON number carries of a large duration.
  const micros = Math.round(total * 1e6);
  const seconds = Math.trunc(micros / 1e6);
  return { $typeName: "google.protobuf.Duration", seconds: BigInt(seconds), nanos: (micros - seconds * 1e6) * 1_000 };
}
