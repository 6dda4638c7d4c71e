import { TssError } from "../../../proto/errors.ts";
import { LIMITS } from "../../../proto/limits.ts";
import { bytes } from "./bytes.ts";
import { json } from "./json.ts";

type MaybePromise<T> = T | Promise<T>;

/** Makes bytes of values. A plug-in: test/contract/codec-exam.ts is what it must pass. */
export interface Serializer {
  readonly name: string;
  /** Media type its bytes are kept under; the one that reads them is found by it. */
  readonly contentType: string;
  /** Whether it takes this value; absent: every one. The first that does is used. */
  accepts?(value: unknown): boolean;
  serialize(value: unknown): MaybePromise<Uint8Array>;
  deserialize(data: Uint8Array): MaybePromise<unknown>;
}

/** Makes other bytes of bytes: compression, encryption. A plug-in: test/contract/codec-exam.ts is what it must pass. */
export interface Codec {
  /** Kept with the payload, so that a reader knows what to undo. */
  readonly name: string;
  /** null: leaves these bytes as they are. */
  encode(data: Uint8Array): MaybePromise<Uint8Array | null>;
  /** @throws when the bytes are not its own or were changed. */
  decode(data: Uint8Array): MaybePromise<Uint8Array>;
}

/** A payload as it travels. */
export interface EncodedPayload {
  readonly data: Uint8Array;
  readonly contentType: string;
  /** Names of codecs, outermost last. */
  readonly encodings: string[];
}

/** Between values and payloads, at both ends: what submits, and what runs handlers. */
export interface PayloadCodec {
  /** At once when every stage is. @throws TssError INVALID_ARGUMENT; PAYLOAD_TOO_LARGE past the limit. */
  encode(value: unknown): MaybePromise<EncodedPayload>;
  /** @throws TssError INVALID_ARGUMENT when nothing here reads it, or what should does not. */
  decode(payload: {
    readonly data: Uint8Array;
    readonly contentType: string;
    readonly encodings: readonly string[];
  }): MaybePromise<unknown>;
}

export interface PayloadCodecOptions {
  /** The first that accepts a value takes it; bytes, then JSON. */
  readonly serializers?: readonly Serializer[];
  /** Applied in this order to everything that is sent. */
  readonly codecs?: readonly Codec[];
  /** Understood when reading, beside `codecs`; never applied. */
  readonly decoders?: readonly Codec[];
}

const DEFAULT_CONTENT_TYPE = "application/json";

/** Puts serializers and codecs together. */
export function payloadCodec(options: PayloadCodecOptions = {}): PayloadCodec {
  const { serializers = [bytes, json], codecs = [], decoders = [] } = options;
  const byName = new Map([...decoders, ...codecs].map((codec) => [codec.name, codec] as const));
  const byType = new Map(serializers.map((serializer) => [serializer.contentType, serializer] as const).reverse());
  return {
    encode(value) {
      const serializer = serializers.find((one) => one.accepts?.(value) ?? true);
      if (serializer === undefined) throw refusal("NO_SERIALIZER", `No serializer takes a ${typeof value}.`);
      const { contentType } = serializer;
      return after(serializer.serialize(value), (data) => apply(codecs, 0, { data, contentType, encodings: [] }));
    },
    decode({ data, contentType, encodings }) {
      if (data.length === 0 && contentType === "" && encodings.length === 0) return undefined;
      return after(undo(byName, data, encodings), (plain) => {
        const type = contentType || DEFAULT_CONTENT_TYPE;
        const serializer = byType.get(type);
        if (serializer === undefined)
          throw refusal(
            "UNKNOWN_CONTENT_TYPE",
            `Nothing here reads ${JSON.stringify(type)} (known: ${[...byType.keys()].join(", ")}); give the client or worker a serializer for it.`,
          );
        return serializer.deserialize(plain);
      });
    },
  };
}

function apply(codecs: readonly Codec[], from: number, payload: EncodedPayload): MaybePromise<EncodedPayload> {
  const codec = codecs[from];
  if (codec === undefined) return withinLimit(payload);
  return after(codec.encode(payload.data), (data) =>
    apply(
      codecs,
      from + 1,
      data === null ? payload : { ...payload, data, encodings: [...payload.encodings, codec.name] },
    ),
  );
}

function withinLimit(payload: EncodedPayload): EncodedPayload {
  const { length } = payload.data;
  if (length <= LIMITS.payloadBytes) return payload;
  throw refusal(
    "PAYLOAD_TOO_LARGE",
    `The value has ${length} bytes when encoded; at most ${LIMITS.payloadBytes} are kept. Store it elsewhere and give its address.`,
  );
}

function undo(
  codecs: ReadonlyMap<string, Codec>,
  data: Uint8Array,
  encodings: readonly string[],
): MaybePromise<Uint8Array> {
  const name = encodings.at(-1);
  if (name === undefined) return data;
  const codec = codecs.get(name);
  if (codec === undefined)
    throw refusal(
      "UNKNOWN_ENCODING",
      `The payload is encoded with ${JSON.stringify(name)}, which is not known here; give the client or worker that codec.`,
    );
  return after(codec.decode(data), (inner) => undo(codecs, inner, encodings.slice(0, -1)));
}

function after<A, B>(value: MaybePromise<A>, next: (value: A) => MaybePromise<B>): MaybePromise<B> {
  return value instanceof Promise ? value.then(next) : next(value);
}

function refusal(reason: string, message: string): TssError {
  return new TssError("INVALID_ARGUMENT", message, { reason });
}
