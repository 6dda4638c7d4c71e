import { LIMITS } from "../../../proto/limits.ts";
import { bytes } from "./bytes.ts";
import { checkCodecs, checkSerializers } from "./check-shape.ts";
import { json } from "./json.ts";
import { andThen, invalid, runStage } from "./stage.ts";

/** Turns values into bytes of one content type, and back. */
export interface Serializer {
  /** 1–63 characters of a–z, 0–9, '.' and '-'. */
  readonly name: string;
  /** Media type of the bytes, at most 127 ASCII characters; finds the serializer again when decoding. */
  readonly contentType: string;
  serialize(value: unknown): Uint8Array | Promise<Uint8Array>;
  /** The content type may carry parameters that `contentType` lacks. */
  deserialize(data: Uint8Array, contentType: string): unknown | Promise<unknown>;
  /** False: another serializer is asked. Absent: takes every value. */
  accepts?(value: unknown): boolean;
}

/** Changes bytes and changes them back: compression, encryption. */
export interface Codec {
  /** 1–63 characters of a–z, 0–9, '.' and '-'; stands in the encodings of a payload and finds the codec again. */
  readonly name: string;
  /** Null or undefined: the bytes stay as they are and the name is not listed. Must not change its input. */
  encode(data: Uint8Array): Uint8Array | null | undefined | Promise<Uint8Array | null | undefined>;
  /** Throws for bytes that `encode` did not make. Must not change its input. */
  decode(data: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** Fields of a message Payload. */
export interface PayloadInit {
  data: Uint8Array;
  contentType: string;
  /** Outermost last. */
  encodings: string[];
}

/** What clients and workers put values into payloads with. */
export interface PayloadCodec {
  /** A plain object, no promise, while every stage is synchronous. @throws TssError INVALID_ARGUMENT. */
  encode(value: unknown): PayloadInit | Promise<PayloadInit>;
  /** The value, no promise, while every stage is synchronous. @throws TssError INVALID_ARGUMENT. */
  decode(payload: Readonly<PayloadParts>): unknown | Promise<unknown>;
}

interface PayloadParts {
  readonly data: Uint8Array;
  readonly contentType: string;
  readonly encodings: readonly string[];
}

export interface PayloadCodecOptions {
  /** The first that accepts a value makes its bytes. Absent: bytes, then JSON. */
  readonly serializers?: readonly Serializer[];
  /** At most 8, applied in this order when encoding, undone by the encodings of a payload when decoding. */
  readonly codecs?: readonly Codec[];
  /** Further codecs, for decoding alone: what other clients use, or this one used before. */
  readonly decoders?: readonly Codec[];
}

/**
 * Puts serializers and codecs in a row; encoded data is at most 256 KiB. Every error, here and in both directions, is a TssError
 * INVALID_ARGUMENT whose `reason` tells them apart.
 */
export function payloadCodec(options: PayloadCodecOptions = {}): PayloadCodec {
  const { serializers = [bytes, json], codecs = [], decoders = [] } = options;
  checkSerializers("serializers", serializers);
  checkCodecs("codecs", codecs);
  checkCodecs("decoders", decoders);
  if (serializers.length === 0)
    throw invalid("CODEC_SHAPE", "payloadCodec() has no serializers; leave them out for bytes and JSON.");
  if (codecs.length > LIMITS.encodings)
    throw invalid(
      "CODEC_SHAPE",
      `payloadCodec() has ${codecs.length} codecs; a payload names at most ${LIMITS.encodings}.`,
    );
  const known = byName([...codecs, ...decoders]);
  return {
    encode: (value) => encode(serializers, codecs, value),
    decode: (payload) => decode(serializers, known, payload),
  };
}

function byName(codecs: readonly Codec[]): ReadonlyMap<string, Codec> {
  const known = new Map<string, Codec>();
  for (const codec of codecs) {
    if ((known.get(codec.name) ?? codec) !== codec)
      throw invalid(
        "CODEC_SHAPE",
        `payloadCodec() has two codecs named ${codec.name}; decoding would not know which to use.`,
      );
    known.set(codec.name, codec);
  }
  return known;
}

function encode(
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

function decode(
  serializers: readonly Serializer[],
  known: ReadonlyMap<string, Codec>,
  { data, contentType, encodings }: PayloadParts,
): unknown {
  if (data.length === 0 && contentType === "" && encodings.length === 0) return undefined;
  const serializer = serializerOf(serializers, contentType);
  const row = encodings.map((name) => codecOf(known, name)).reverse();
  return andThen(decodeFrom(0, row, data), (bare) =>
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
  const wanted = (contentType === "" ? json.contentType : contentType).toLowerCase();
  const [mediaType = ""] = wanted.split(";", 1);
  const serializer =
    serializers.find((one) => one.contentType.toLowerCase() === wanted) ??
    serializers.find((one) => one.contentType.toLowerCase() === mediaType.trim());
  if (serializer !== undefined) return serializer;
  const types = [...new Set(serializers.map((one) => one.contentType))];
  throw invalid(
    "UNKNOWN_CONTENT_TYPE",
    `The payload is ${JSON.stringify(wanted)}, which this client cannot read (it reads ${types.join(", ")}); add a serializer for it to payloadCodec().`,
  );
}

function codecOf(known: ReadonlyMap<string, Codec>, name: string): Codec {
  const codec = known.get(name);
  if (codec !== undefined) return codec;
  const names = known.size === 0 ? "no codec" : [...known.keys()].join(", ");
  throw invalid(
    "UNKNOWN_ENCODING",
    `The payload is encoded with ${JSON.stringify(name)}, which this client cannot undo (it knows ${names}); add that codec to codecs or decoders of payloadCodec().`,
  );
}

function checkBytes(data: unknown, where: string): asserts data is Uint8Array {
  if (!ArrayBuffer.isView(data) || Object.prototype.toString.call(data) !== "[object Uint8Array]")
    throw invalid("CODEC_SHAPE", `${where} gave ${data === null ? "null" : typeof data} where a Uint8Array belongs.`);
}
