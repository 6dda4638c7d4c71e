import type { DescMessage } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";

/** What is inside a message: for each field number that is a message (or a map entry), what is inside that. */
type Shape = readonly (Shape | undefined)[];

const ENTRY: Shape = [];
const shapes = new WeakMap<DescMessage, Shape>();

/**
 * Checks that no field and no message inside reaches beyond the message it is in. protobuf-es reads such bytes; stricter
 * decoders refuse them, and bytes that are passed on untouched must not break the worker that gets them.
 * @param schema a message type without itself inside; its maps hold no messages
 * @throws Error at the first that does, and at groups, which proto3 does not have.
 */
export function checkBounds(schema: DescMessage, bytes: Uint8Array): void {
  walk(shapeOf(schema), bytes, 0, bytes.length);
}

function walk(shape: Shape, bytes: Uint8Array, start: number, end: number): void {
  let at = start;
  while (at < end) {
    // A tag and a length of one byte are nearly all there are.
    let tag = bytes[at] ?? 0;
    const tagEnd = endOfVarint(bytes, at);
    if (tag > 0x7f) tag = varint(bytes, at, tagEnd);
    at = tagEnd;
    switch (tag & 7) {
      case WireType.Varint:
        at = endOfVarint(bytes, at);
        break;
      case WireType.Bit64:
        at += 8;
        break;
      case WireType.Bit32:
        at += 4;
        break;
      case WireType.LengthDelimited: {
        const from = endOfVarint(bytes, at);
        const to = from + varint(bytes, at, from);
        const inner = shape[tag >>> 3];
        if (to > end) throw overrun();
        if (inner !== undefined) walk(inner, bytes, from, to);
        at = to;
        break;
      }
      default:
        throw new Error("a group has no place in this message");
    }
  }
  if (at > end) throw overrun();
}

function endOfVarint(bytes: Uint8Array, start: number): number {
  let at = start;
  while ((bytes[at] ?? 0) > 0x7f) at++;
  return at + 1;
}

/** The value of a tag or a length; more than 2⁵³ is far beyond any bound and need not be exact. */
function varint(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = end - 1; at >= start; at--) value = value * 128 + ((bytes[at] ?? 0) & 0x7f);
  return value;
}

function overrun(): Error {
  return new Error("a field reaches beyond its message");
}

function shapeOf(schema: DescMessage): Shape {
  const known = shapes.get(schema);
  if (known) return known;
  const shape: (Shape | undefined)[] = [];
  for (const field of schema.fields) {
    if (field.fieldKind === "map") shape[field.number] = ENTRY;
    else if (field.message) shape[field.number] = shapeOf(field.message);
  }
  shapes.set(schema, shape);
  return shape;
}
