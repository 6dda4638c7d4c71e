import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { LIMITS } from "../../proto/limits.ts";
import { UsageError } from "../errors.ts";

/**
 * The value of a secret: from a file, from a terminal that shows nothing of it, or else from standard input. Never from the
 * line, which every process of the machine can read. A single line loses its line feed; a text of several lines stays as it is.
 * @throws UsageError when there is none, it is no text, or it is longer than 64 KiB.
 */
export async function readSecretValue(name: string, file: string | undefined): Promise<string> {
  const bytes = file === undefined ? await fromInput(name) : await fromFile(file);
  if (bytes.length > LIMITS.secretBytes + 1)
    throw new UsageError(`The value has ${bytes.length} bytes; at most ${LIMITS.secretBytes} are allowed.`);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UsageError("The value is not text in UTF-8: put it into base64 and let the command decode it.");
  }
  const value = /^[^\r\n]*\r?\n$/.test(text) ? text.replace(/\r?\n$/, "") : text;
  if (value === "") throw new UsageError("The value is empty.");
  return value;
}

async function fromFile(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new UsageError(`--file: ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

async function fromInput(name: string): Promise<Uint8Array> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) return buffer(stdin);
  stderr.write(`Value of ${name} (it is not shown): `);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true });
  try {
    return Buffer.from(await lines.question(""));
  } finally {
    lines.close();
    stderr.write("\n");
  }
}
