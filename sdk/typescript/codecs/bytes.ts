import { types } from "node:util";
import type { Serializer } from "./payload-codec.ts";
import { invalid } from "./stage.ts";

/**
 * Bytes as they are, copied both ways: what a caller does with its buffer afterwards does not reach the payload, and a value that is
 * kept does not keep the message it came in.
 */
export const bytes: Serializer = {
  name: "bytes",
  contentType: "application/octet-stream",
  accepts: (value) => types.isUint8Array(value),
  serialize(value) {
    if (!types.isUint8Array(value)) throw invalid("PAYLOAD_NOT_SERIALIZABLE", "The value is no Uint8Array.");
    return new Uint8Array(value);
  },
  deserialize: (data) => new Uint8Array(data),
};
