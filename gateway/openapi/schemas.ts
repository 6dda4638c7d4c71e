import type { DescEnum, DescField, DescMessage } from "@bufbuild/protobuf";
import { enumNames, kindOf } from "../json/field-kinds.ts";
import type { JsonObject, JsonValue } from "../json/parse-json.ts";
import comments from "./comments.json" with { type: "json" };

const COMMENTS: Readonly<Record<string, string>> = comments;

export function commentOf(fullName: string): string | undefined {
  return COMMENTS[fullName];
}

/** Schemas of messages as REST JSON has them, gathered as they are asked for. */
export class Schemas {
  readonly #schemas: Record<string, JsonObject> = {};

  get all(): JsonObject {
    return this.#schemas as JsonObject;
  }

  /** A reference to a message's schema. */
  ref(desc: DescMessage): JsonObject {
    const name = desc.typeName.replace(/^.*\./, "");
    if (!(name in this.#schemas)) {
      // Its place is taken first: a message may contain itself.
      this.#schemas[name] = {};
      this.#schemas[name] = this.#message(desc);
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  field(field: DescField): JsonObject {
    const comment = commentOf(`${field.parent.typeName}.${field.name}`);
    const schema = this.#shape(field);
    if (comment === undefined) return schema;
    return "$ref" in schema ? { allOf: [schema], description: comment } : { ...schema, description: comment };
  }

  #message(desc: DescMessage): JsonObject {
    const properties: JsonObject = {};
    for (const field of desc.fields) properties[field.jsonName] = this.field(field);
    const description = commentOf(desc.typeName);
    return {
      type: "object",
      ...(description === undefined ? {} : { description }),
      properties,
      additionalProperties: false,
    };
  }

  #shape(field: DescField): JsonObject {
    const value = this.#value(field);
    if (field.fieldKind === "list") return { type: "array", items: value };
    if (field.fieldKind === "map") return { type: "object", additionalProperties: value };
    return value;
  }

  #value(field: DescField): JsonObject {
    const kind = kindOf(field);
    switch (kind.kind) {
      case "string":
      case "boolean":
      case "number":
        return { type: kind.kind };
      case "integer":
        return { type: "integer", minimum: kind.min, maximum: kind.max };
      case "long":
        return { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER };
      case "bytes":
        return { type: "string", contentEncoding: "base64" };
      case "enum":
        return { type: "string", enum: [...enumNames(field.enum as DescEnum).values()] as JsonValue[] };
      case "timestamp":
        return { type: "string", format: "date-time" };
      case "duration":
        return { type: "number", description: "Seconds." };
      case "payload":
        return { description: "Any JSON value; bytes of another kind as {data, contentType, encodings}." };
      case "status":
        return { $ref: "#/components/schemas/ItemError" };
      case "message":
        return kind.short === undefined
          ? this.ref(kind.field.message as DescMessage)
          : {
              anyOf: [
                this.ref(kind.field.message as DescMessage),
                { type: "string", description: `Its ${kind.short}.` },
              ],
            };
    }
  }
}
