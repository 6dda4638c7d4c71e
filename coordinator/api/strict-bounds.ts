import type { DescMessage } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** Message fields of a type by number; map entries stand as "map", for the value of none here is a message. */
type Nested = ReadonlyMap<number, DescMessage | "map">;

const nestedOf = new WeakMap<DescMessage, Nested>();

/**
 * Checks that no message inside reaches beyond its own length. protobuf-es reads such bytes; stricter decoders refuse
 * them, and bytes that are passed on untouched must not break the worker that gets them.
 * @throws Error at the first that does.
 */
export function checkBounds(schema: DescMessage, bytes: Uint8Array): void {
  const nested = nestedFields(schema);
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    const inner = type === WireType.LengthDelimited ? nested.get(field) : undefined;
    if (inner === undefined) reader.skip(type, field);
    else if (inner === "map") checkEntry(reader.bytes());
    else checkBounds(inner, reader.bytes());
  }
}

function checkEntry(bytes: Uint8Array): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    reader.skip(type, field);
  }
}

function nestedFields(schema: DescMessage): Nested {
  const known = nestedOf.get(schema);
  if (known) return known;
  const nested = new Map<number, DescMessage | "map">();
  for (const field of schema.fields) {
    if (field.fieldKind === "map") nested.set(field.number, "map");
    else if (field.message) nested.set(field.number, field.message);
  }
  nestedOf.set(schema, nested);
  return nested;
}
