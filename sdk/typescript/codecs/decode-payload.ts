import { checkBytes } from "./check-shape.ts";
import { json } from "./json.ts";
import type { Codec, PayloadParts, Serializer } from "./payload-codec.ts";
import { andThen, invalid, runStage } from "./stage.ts";

/** Undoes the encodings, outermost first, and reads the value. A name that is not known is refused before any work is done. */
export function decodePayload(
  serializers: readonly Serializer[],
  known: ReadonlyMap<string, Codec>,
  { data, contentType, encodings }: PayloadParts,
): unknown {
  if (data.length === 0 && contentType === "" && encodings.length === 0) return undefined;
  const serializer = serializerOf(serializers, contentType);
  const bytes = encodings.length === 0 ? data : decodeFrom(0, codecsOf(known, encodings).reverse(), data);
  return andThen(bytes, (bare) =>
    runStage(
      () => `The serializer ${serializer.name} could not read the payload`,
      () => serializer.deserialize(bare, contentType),
    ),
  );
}

function decodeFrom(at: number, row: readonly Codec[], data: Uint8Array): Uint8Array | Promise<Uint8Array> {
  const codec = row[at];
  if (codec === undefined) return data;
  const decoded = runStage(
    () => `The codec ${codec.name} could not decode the payload`,
    () => codec.decode(data),
  );
  return andThen(decoded, (bare) => {
    checkBytes(bare, `decode() of the codec ${codec.name}`);
    return decodeFrom(at + 1, row, bare);
  });
}

/** Bytes without a content type are JSON. Parameters count where a serializer names them. */
function serializerOf(serializers: readonly Serializer[], contentType: string): Serializer {
  for (const one of serializers) if (one.contentType === contentType) return one;
  const wanted = (contentType === "" ? json.contentType : contentType).toLowerCase();
  const [mediaType = ""] = wanted.split(";", 1);
  const serializer =
    serializers.find((one) => one.contentType.toLowerCase() === wanted) ??
    serializers.find((one) => one.contentType.toLowerCase() === mediaType.trim());
  if (serializer !== undefined) return serializer;
  const types = [...new Set(serializers.map((one) => one.contentType))];
  throw invalid(
    "UNKNOWN_CONTENT_TYPE",
    `Nothing here reads ${JSON.stringify(wanted)} (known: ${types.join(", ")}); add a serializer for it to payloadCodec().`,
  );
}

function codecsOf(known: ReadonlyMap<string, Codec>, encodings: readonly string[]): Codec[] {
  const codecs = encodings.flatMap((name) => known.get(name) ?? []);
  if (codecs.length === encodings.length) return codecs;
  const missing = encodings.filter((name) => !known.has(name)).map((name) => JSON.stringify(name));
  const names = known.size === 0 ? "no codecs" : [...known.keys()].join(", ");
  throw invalid(
    "UNKNOWN_ENCODING",
    `Nothing here undoes the encoding ${missing.join(" and ")} (known: ${names}); add that to codecs or decoders of payloadCodec().`,
  );
}
