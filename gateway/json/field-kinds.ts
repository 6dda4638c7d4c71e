import { type DescEnum, type DescField, ScalarType } from "@bufbuild/protobuf";

/** How one value of a field is written in REST JSON: the one place that the transcoder and OpenAPI both ask. */
export type Kind =
  | { readonly kind: "string" | "boolean" | "bytes" | "timestamp" | "duration" | "payload" | "status" }
  | { readonly kind: "integer"; readonly min: number; readonly max: number }
  | { readonly kind: "number" }
  | { readonly kind: "long" }
  | { readonly kind: "enum"; readonly names: ReadonlyMap<number, string> }
  /** @param short field for which a text alone may stand, when the message is given. */
  | { readonly kind: "message"; readonly field: DescField; readonly short?: string };

const SPECIAL: Readonly<Record<string, "timestamp" | "duration" | "payload" | "status">> = {
  "google.protobuf.Timestamp": "timestamp",
  "google.protobuf.Duration": "duration",
  "google.rpc.Status": "status",
  "tss.v1.Payload": "payload",
};

/** Messages that are mostly one field. */
const SHORT: Readonly<Record<string, string>> = { "tss.v1.LockNeed": "name" };

/** The kind of a field's single value; of an element or a map's value for lists and maps. */
export function kindOf(field: DescField): Kind {
  if (field.message !== undefined) {
    const special = SPECIAL[field.message.typeName];
    if (special !== undefined) return { kind: special };
    const short = SHORT[field.message.typeName];
    return short === undefined ? { kind: "message", field } : { kind: "message", field, short };
  }
  if (field.enum !== undefined) return { kind: "enum", names: enumNames(field.enum) };
  switch (field.scalar) {
    case ScalarType.BOOL:
      return { kind: "boolean" };
    case ScalarType.BYTES:
      return { kind: "bytes" };
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { kind: "number" };
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return { kind: "integer", min: -(2 ** 31), max: 2 ** 31 - 1 };
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { kind: "integer", min: 0, max: 2 ** 32 - 1 };
    case ScalarType.STRING:
      return { kind: "string" };
    default:
      return { kind: "long" };
  }
}

/** Numbers to names: the lower-case suffix (`TASK_STATUS_WAITING` is `waiting`); "unspecified" has none. */
export function enumNames(desc: DescEnum): ReadonlyMap<number, string> {
  const prefix = desc.sharedPrefix?.toUpperCase() ?? "";
  const names = new Map<number, string>();
  for (const value of desc.values) {
    const name = value.name.startsWith(prefix) ? value.name.slice(prefix.length) : value.name;
    if (value.number !== 0) names.set(value.number, name.toLowerCase());
  }
  return names;
}
