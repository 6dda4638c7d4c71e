import { LIMITS } from "../../../proto/limits.ts";
import { bytes } from "./bytes.ts";
import { checkCodecs, checkSerializers } from "./check-shape.ts";
import { decodePayload } from "./decode-payload.ts";
import { encodePayload } from "./encode-payload.ts";
import { json } from "./json.ts";
import { invalid } from "./stage.ts";

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
  decode(payload: PayloadParts): unknown | Promise<unknown>;
}

/** What decoding reads of a message Payload. */
export interface PayloadParts {
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
    encode: (value) => encodePayload(serializers, codecs, value),
    decode: (payload) => decodePayload(serializers, known, payload),
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
