import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { codecProblem, serializerProblem } from "./check-shape.ts";
import type { Codec, Serializer } from "./payload-codec.ts";
import { invalid, messageOf } from "./stage.ts";

const PROBLEM = { codec: codecProblem, serializer: serializerProblem } as const;

/**
 * Imports a module by its path (from the working directory) or file: URL and gives its export `codec`, or `serializer` where that is asked for.
 * @throws TssError INVALID_ARGUMENT naming the module and what it lacks.
 */
export function loadCodec(modulePath: string, name?: "codec"): Promise<Codec>;
export function loadCodec(modulePath: string, name: "serializer"): Promise<Serializer>;
export async function loadCodec(
  modulePath: string,
  name: "codec" | "serializer" = "codec",
): Promise<Codec | Serializer> {
  const where = modulePath.startsWith("file:") ? modulePath : pathToFileURL(resolve(modulePath)).href;
  const shown = modulePath.startsWith("file:") ? modulePath : resolve(modulePath);
  let module: Record<string, unknown>;
  try {
    module = await import(where);
  } catch (cause) {
    throw invalid("CODEC_NOT_LOADED", `The codec module ${shown} cannot be loaded: ${messageOf(cause)}`, cause);
  }
  const loaded = module[name];
  if (loaded === undefined) {
    const names = Object.keys(module);
    const found = names.length === 0 ? "nothing" : names.join(", ");
    throw invalid("CODEC_SHAPE", `The codec module ${shown} exports no "${name}" (it exports ${found}).`);
  }
  const problem = PROBLEM[name](loaded);
  if (problem !== undefined) throw invalid("CODEC_SHAPE", `The export "${name}" of ${shown} ${problem}.`);
  return loaded as Codec | Serializer;
}
