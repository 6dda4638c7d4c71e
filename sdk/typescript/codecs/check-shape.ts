import { types } from "node:util";
import { LIMITS } from "../../../proto/limits.ts";
import type { Codec, Serializer } from "./payload-codec.ts";
import { invalid } from "./stage.ts";

const NAME = /^[a-z0-9.-]{1,63}$/;
const CONTENT_TYPE = /^[\x21-\x7e]+\/[\x20-\x7e]+$/;

/** What keeps a value from being a codec, as the end of a sentence; undefined: nothing does. */
export function codecProblem(value: unknown): string | undefined {
  return nameProblem(value) ?? methodProblem(value, ["encode", "decode"]);
}

/** What keeps a value from being a serializer, as the end of a sentence; undefined: nothing does. */
export function serializerProblem(value: unknown): string | undefined {
  const problem = nameProblem(value);
  if (problem !== undefined) return problem;
  const { contentType, accepts } = value as Partial<Record<keyof Serializer, unknown>>;
  if (typeof contentType !== "string") return "has no text as contentType";
  if (contentType.length > LIMITS.contentTypeBytes || !CONTENT_TYPE.test(contentType))
    return `has the contentType ${JSON.stringify(contentType)}, which is no media type of at most ${LIMITS.contentTypeBytes} ASCII characters`;
  if (accepts !== undefined && typeof accepts !== "function") return "has an accepts that is not a function";
  return methodProblem(value, ["serialize", "deserialize"]);
}

/** @throws TssError INVALID_ARGUMENT for the first that is no codec. */
export function checkCodecs(list: string, codecs: readonly Codec[]): void {
  for (const [index, codec] of codecs.entries()) refuse(`${list}[${index}]`, codecProblem(codec));
}

/** @throws TssError INVALID_ARGUMENT for the first that is no serializer. */
export function checkSerializers(list: string, serializers: readonly Serializer[]): void {
  for (const [index, serializer] of serializers.entries()) refuse(`${list}[${index}]`, serializerProblem(serializer));
}

/** @throws TssError INVALID_ARGUMENT where a stage gave something other than bytes. */
export function checkBytes(data: unknown, where: string): asserts data is Uint8Array {
  if (!types.isUint8Array(data))
    throw invalid("CODEC_SHAPE", `${where} gave ${data === null ? "null" : typeof data} where a Uint8Array belongs.`);
}

function refuse(where: string, problem: string | undefined): void {
  if (problem !== undefined) throw invalid("CODEC_SHAPE", `${where} of payloadCodec() ${problem}.`);
}

function nameProblem(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return "is no object";
  const { name } = value as { name?: unknown };
  if (typeof name !== "string") return "has no text as name";
  return NAME.test(name)
    ? undefined
    : `has the name ${JSON.stringify(name)}; a name is 1–63 characters of a–z, 0–9, '.' and '-'`;
}

function methodProblem(value: unknown, methods: readonly string[]): string | undefined {
  const missing = methods.filter((method) => typeof (value as Record<string, unknown>)[method] !== "function");
  return missing.length === 0
    ? undefined
    : `lacks the function${missing.length > 1 ? "s" : ""} ${missing.join(" and ")}`;
}
