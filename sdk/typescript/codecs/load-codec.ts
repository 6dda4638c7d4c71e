import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { codecProblem, serializerProblem } from "./check-shape.ts";
import type { Codec, Serializer } from "./payload-codec.ts";
import { invalid, messageOf } from "./stage.ts";

/** What a module brings; at least one of the two. */
export interface LoadedCodec {
  readonly codec?: Codec;
  readonly serializer?: Serializer;
}

/**
 * Imports a module by its path (from the working directory) or file: URL and takes its exports `codec` and `serializer`.
 * @throws TssError INVALID_ARGUMENT naming the path and what is missing.
 */
export async function loadCodec(modulePath: string): Promise<LoadedCodec> {
  const isUrl = modulePath.startsWith("file:");
  const where = isUrl ? modulePath : resolve(modulePath);
  let module: Record<string, unknown>;
  try {
    module = await import(isUrl ? where : pathToFileURL(where).href);
  } catch (cause) {
    throw invalid("CODEC_NOT_LOADED", `The codec module ${where} cannot be loaded: ${messageOf(cause)}`, cause);
  }
  const { codec, serializer } = module;
  if (codec === undefined && serializer === undefined)
    throw invalid("CODEC_SHAPE", `The codec module ${where} exports neither "codec" nor "serializer".`);
  refuse(where, "codec", codec === undefined ? undefined : codecProblem(codec));
  refuse(where, "serializer", serializer === undefined ? undefined : serializerProblem(serializer));
  return {
    ...(codec !== undefined && { codec: codec as Codec }),
    ...(serializer !== undefined && { serializer: serializer as Serializer }),
  };
}

function refuse(where: string, name: string, problem: string | undefined): void {
  if (problem !== undefined) throw invalid("CODEC_SHAPE", `The export "${name}" of ${where} ${problem}.`);
}
