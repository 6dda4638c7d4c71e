import { gunzipSync, gzipSync } from "node:zlib";
import type { Codec } from "./payload-codec.ts";
import { invalid, messageOf } from "./stage.ts";

/** Bytes that a payload of 256 KiB may unpack to: some input packs a thousandfold. */
const UNPACKED_BYTES = 16 * 1024 * 1024;

export interface GzipOptions {
  /** Smaller data stays as it is. Bytes; absent: 1024. */
  readonly minBytes?: number;
  /** 0 (fast) – 9 (small); absent: 6. */
  readonly level?: number;
}

/** Packs data where that makes it smaller. At most 16 MiB, before packing and after unpacking. */
export function gzip({ minBytes = 1024, level = 6 }: GzipOptions = {}): Codec {
  if (!Number.isInteger(minBytes) || minBytes < 0)
    throw invalid("CODEC_SHAPE", `minBytes of gzip() is ${minBytes}; it must be a whole number from 0.`);
  if (!Number.isInteger(level) || level < 0 || level > 9)
    throw invalid("CODEC_SHAPE", `level of gzip() is ${level}; it must be a whole number from 0 to 9.`);
  return {
    name: "gzip",
    encode(data) {
      if (data.length < minBytes) return null;
      if (data.length > UNPACKED_BYTES)
        throw invalid(
          "PAYLOAD_TOO_LARGE",
          `The value makes ${data.length} bytes before gzip, and at most ${UNPACKED_BYTES} can be unpacked again; make it smaller, or keep it elsewhere and pass its address.`,
        );
      const packed = gzipSync(data, { level });
      return packed.length < data.length ? packed : null;
    },
    decode: unpack,
  };
}

function unpack(data: Uint8Array): Uint8Array {
  try {
    return gunzipSync(data, { maxOutputLength: UNPACKED_BYTES });
  } catch (cause) {
    if ((cause as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE")
      throw invalid(
        "PAYLOAD_TOO_LARGE",
        `The payload's ${data.length} bytes of gzip unpack to more than ${UNPACKED_BYTES}; whoever made it must make it smaller.`,
      );
    throw invalid("PAYLOAD_DAMAGED", `The payload's ${data.length} bytes are no gzip: ${messageOf(cause)}.`, cause);
  }
}
