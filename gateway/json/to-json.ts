import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { anyUnpack, FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { statusName } from "../../proto/errors.ts";
import { BadRequestSchema, ErrorInfoSchema } from "../../proto/gen/google/rpc/error_details_pb.js";
import type { Status } from "../../proto/gen/google/rpc/status_pb.js";
import type { Payload } from "../../proto/gen/tss/v1/task_pb.js";
import { restSentence, violationsJson } from "../http/rest-fields.ts";
import { type Kind, kindOf } from "./field-kinds.ts";
import type { JsonObject, JsonValue } from "./parse-json.ts";

type Values = Record<string, unknown>;

/**
 * A message as REST JSON: camelCase names, enums as lower-case words, durations in seconds, times in RFC 3339, counters as
 * numbers. What is not set is left out; numbers, booleans, lists and maps are always there.
 */
export function toJson(desc: DescMessage, message: Message): JsonObject {
  const object: JsonObject = {};
  const values = message as unknown as Values;
  for (const field of desc.fields) {
    const value = heldValue(field, values);
    if (value === undefined) continue;
    const json = fieldToJson(field, value);
    if (json !== undefined) object[field.jsonName] = json;
  }
  return object;
}

function heldValue(field: DescField, values: Values): unknown {
  if (field.oneof === undefined) return values[field.localName];
  const chosen = values[field.oneof.localName] as { case?: string; value?: unknown };
  return chosen.case === field.localName ? chosen.value : undefined;
}

function fieldToJson(field: DescField, value: unknown): JsonValue | undefined {
  const kind = kindOf(field);
  if (field.fieldKind === "list") return (value as unknown[]).map((item) => valueToJson(kind, item) ?? null);
  if (field.fieldKind === "map") {
    const entries = Object.entries(value as Values).map(([key, item]) => [key, valueToJson(kind, item) ?? null]);
    return Object.fromEntries(entries) as JsonObject;
  }
  // An empty text says nothing, unless it was set on purpose.
  if (value === "" && field.presence === FeatureSet_FieldPresence.IMPLICIT) return undefined;
  return valueToJson(kind, value);
}

function valueToJson(kind: Kind, value: unknown): JsonValue | undefined {
  switch (kind.kind) {
    case "string":
    case "boolean":
    case "integer":
    case "number":
      return value as JsonValue;
    case "long":
      return Number(value as bigint);
    case "bytes":
      return (value as Uint8Array).length === 0 ? undefined : Buffer.from(value as Uint8Array).toString("base64");
    case "enum":
      return kind.names.get(value as number);
    case "timestamp": {
      const { seconds, nanos } = value as { seconds: bigint; nanos: number };
      return new Date(Number(seconds) * 1_000 + nanos / 1e6).toISOString();
    }
    case "duration": {
      const { seconds, nanos } = value as { seconds: bigint; nanos: number };
      return Number(seconds) + nanos / 1e9;
    }
    case "payload":
      return payloadToJson(value as Payload);
    case "status":
      return statusToJson(value as Status);
    case "message":
      return toJson(kind.field.message as DescMessage, value as Message);
  }
}

/** JSON that no codec has changed is shown as the value it is; anything else as its bytes. */
export function payloadToJson({ data, contentType, encodings }: Payload): JsonValue {
  if (encodings.length === 0 && (contentType === "" || contentType === "application/json")) {
    try {
      return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data)) as JsonValue;
    } catch {
      // What calls itself JSON and is not is shown as it came.
    }
  }
  return { data: Buffer.from(data).toString("base64"), contentType, encodings };
}

/** An item's own error, in the words of a problem document. */
export function statusToJson(status: Status): JsonObject {
  const bad = status.details.map((detail) => anyUnpack(detail, BadRequestSchema)).find((found) => found !== undefined);
  const violations = bad?.fieldViolations ?? [];
  const object: JsonObject = { code: statusName(status.code), detail: restSentence(status.message, violations) };
  for (const detail of status.details) {
    const info = anyUnpack(detail, ErrorInfoSchema);
    if (info !== undefined) object["reason"] = info.reason;
  }
  if (violations.length > 0) object["violations"] = violationsJson(violations);
  return object;
}
