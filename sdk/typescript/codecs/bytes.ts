import type { Serializer } from "./payload-codec.ts";

/** Bytes as they are. */
export const bytes: Serializer = {
  name: "bytes",
  contentType: "application/octet-stream",
  accepts: (value) => value instanceof Uint8Array,
  serialize: (value) => value as Uint8Array,
  deserialize: (data) => data,
};
