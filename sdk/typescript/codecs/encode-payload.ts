import { LIMITS } from "../../../proto/limits.ts";
import { checkBytes } from "./check-shape.ts";
import type { Codec, PayloadInit, Serializer } from "./payload-codec.ts";
import { andThen, invalid, runStage } from "./stage.ts";

/** Writes the value with the first serializer that accepts it, then applies the codecs in order. */
export function encodePayload(
  serializers: readonly Serializer[],
  codecs: readonly Codec[],
  value: unknown,
): PayloadInit | Promise<PayloadInit> {
  const serializer = serializers.find((one) => one.accepts === undefined || one.accepts(value));
  if (serializer === undefined)
    throw invalid(
      "PAYLOAD_NOT_SERIALIZABLE",
      `No serializer accepts a value of type ${typeof value} (asked: ${serializers.map((one) => one.name).join(", ")}); add one that does.`,
    );
  const { contentType } = serializer;
  const what = () => `The serializer ${serializer.name} could not write the value`;
  const serialized = runStage(what, () => serializer.serialize(value));
  return andThen(serialized, (data) => {
    checkBytes(data, `serialize() of the serializer ${serializer.name}`);
    return encodeFrom(0, codecs, data.length, { data, contentType, encodings: [] });
  });
}

function encodeFrom(
  at: number,
  codecs: readonly Codec[],
  serializedBytes: number,
  payload: PayloadInit,
): PayloadInit | Promise<PayloadInit> {
  const codec = codecs[at];
  if (codec === undefined) return checkSize(payload, serializedBytes);
  const encoded = runStage(
    () => `The codec ${codec.name} could not encode the payload`,
    () => codec.encode(payload.data),
  );
  return andThen(encoded, (data) => {
    if (data === null || data === undefined) return encodeFrom(at + 1, codecs, serializedBytes, payload);
    checkBytes(data, `encode() of the codec ${codec.name}`);
    const encodings = [...payload.encodings, codec.name];
    return encodeFrom(at + 1, codecs, serializedBytes, { data, contentType: payload.contentType, encodings });
  });
}

function checkSize(payload: PayloadInit, serializedBytes: number): PayloadInit {
  const { data, contentType, encodings } = payload;
  if (data.length <= LIMITS.payloadBytes) return payload;
  const before = encodings.length === 0 ? "" : ` (${serializedBytes} before ${encodings.join(", ")})`;
  throw invalid(
    "PAYLOAD_TOO_LARGE",
    `The value makes a payload of ${data.length} bytes of ${contentType}${before}, and at most ${LIMITS.payloadBytes} are allowed; make it smaller, or keep it elsewhere and pass its address.`,
  );
}
