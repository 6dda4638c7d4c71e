import { hkdfSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { TssError } from "../../../proto/errors.ts";
import { systemReason } from "../../../runtime/make-directory.ts";
import { isMasterKey } from "../../../runtime/settings-parse.ts";

/** A key that wraps the keys of secrets. */
export interface MasterKey {
  /** 16 hexadecimal digits, which say nothing of the key. */
  readonly id: string;
  readonly key: Uint8Array;
}

/** The first wraps, all of them open. */
export interface MasterKeys {
  readonly current: MasterKey | undefined;
  find(id: string): MasterKey | undefined;
}

/**
 * Reads TSS_MASTER_KEY. What is used is derived from it, for secrets alone, so that the same key can serve another end.
 * @throws TssError FAILED_PRECONDITION when a file it names cannot be read or holds no key.
 */
export function readMasterKeys(items: readonly string[]): MasterKeys {
  const keys = items.map((item) => derive(Buffer.from(textOf(item), "base64")));
  return { current: keys[0], find: (id) => keys.find((key) => key.id === id) };
}

function derive(material: Buffer): MasterKey {
  const part = (use: string, bytes: number) =>
    Buffer.from(hkdfSync("sha256", material, "", `tss.v1 secret ${use}`, bytes));
  return { id: part("key id", 8).toString("hex"), key: part("key wrapping", 32) };
}

function textOf(item: string): string {
  if (!item.startsWith("file:")) return item;
  const path = item.slice("file:".length);
  const refuse = (what: string, cause?: unknown) =>
    new TssError("FAILED_PRECONDITION", `TSS_MASTER_KEY names ${path}, ${what}.`, { reason: "MASTER_KEY", cause });
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    throw refuse(`which cannot be read (${systemReason(error)})`, error);
  }
  if (!isMasterKey(text))
    throw refuse("which holds no key: make one with `head -c 32 /dev/urandom | base64` and give nobody else the file");
  return text;
}
