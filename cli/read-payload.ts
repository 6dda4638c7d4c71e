import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { LIMITS } from "../proto/limits.ts";
import { UsageError } from "./errors.ts";

/**
 * The payload `--payload` asks for: JSON text as it stands, `@FILE`, or `-` for standard input.
 * @throws UsageError when it cannot be read, is not JSON, or is longer than 256 KiB.
 */
export async function readPayload(source: string): Promise<{ data: Uint8Array; contentType: string }> {
  const json = await readSource(source);
  try {
    JSON.parse(json);
  } catch (error) {
    throw new UsageError(
      `--payload is not JSON: ${(error as Error).message}. A text needs its quotes: --payload '"text"'.`,
    );
  }
  const data = Buffer.from(json);
  if (data.length > LIMITS.payloadBytes)
    throw new UsageError(`--payload has ${data.length} bytes; at most ${LIMITS.payloadBytes} are allowed.`);
  return { data, contentType: "application/json" };
}

async function readSource(source: string): Promise<string> {
  if (source === "-") return text(process.stdin);
  if (!source.startsWith("@")) return source;
  try {
    return await readFile(source.slice(1), "utf8");
  } catch (error) {
    throw new UsageError(`--payload: ${source.slice(1)} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}
