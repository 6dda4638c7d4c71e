import type { DescField, DescMessage, Message, MessageShape } from "@bufbuild/protobuf";
import { type Duration, type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";

/** A value of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/**
 * A message in the JSON of the REST interface: camelCase names, enums as the lower-case suffix, durations in seconds, times
 * as RFC 3339, counters as numbers, bytes as base64. Fields without a value are left out.
 */
export function messageJson<D extends DescMessage>(schema: D, message: MessageShape<D>): { [name: string]: Json } {
  const result: { [name: string]: Json } = {};
  for (const field of schema.fields) {
    const value = readField(field, message);
    if (value !== undefined) result[field.jsonName] = value;
  }
  return result;
}

function readField(field: DescField, message: Message): Json | undefined {
  const holder = message as unknown as Record<string, unknown>;
  const oneof =
    field.oneof === undefined ? undefined : (holder[field.oneof.localName] as { case?: string; value?: unknown });
  const value =
    oneof === undefined ? holder[field.localName] : oneof.case === field.localName ? oneof.value : undefined;
  if (value === undefined || value === null) return undefined;
  switch (field.fieldKind) {
    case "list":
      return (value as unknown[]).map((item) => valueJson(field, item));
    case "map":
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, valueJson(field, item)]));
    case "enum":
      return value === 0 ? undefined : valueJson(field, value);
    default:
      return value === "" && field.oneof === undefined ? undefined : valueJson(field, value);
  }
}

function valueJson(field: DescField, value: unknown): Json {
  if (field.enum !== undefined) {
    const known = field.enum.value[value as number];
    return known === undefined ? (value as number) : known.localName.toLowerCase();
  }
  if (field.message !== undefined) return wellKnown(field.message, value as Message);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return typeof value === "bigint" ? Number(value) : (value as Json);
}

function wellKnown(schema: DescMessage, message: Message): Json {
  if (schema.typeName === "google.protobuf.Timestamp") return timestampDate(message as Timestamp).toISOString();
  if (schema.typeName === "google.protobuf.Duration") {
    const { seconds, nanos } = message as Duration;
    return Number(seconds) + nanos / 1e9;
  }
  return messageJson(schema, message as MessageShape<typeof schema>);
}
