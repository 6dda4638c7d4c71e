import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import path from "node:path";
import { TssError } from "../../proto/errors.ts";
import { makeDirectory } from "../../runtime/make-directory.ts";
import { type CertificateFacts, readCertificates } from "../../runtime/tls/certificate.ts";
import type { CertifiedKey } from "../../runtime/tls/issue.ts";

/** Where `tss cert` keeps an authority and what it has signed. */
export const DEFAULT_FOLDER = path.join(".tss", "tls");
export const AUTHORITY = "ca";

/** What a command has made. */
export interface Made {
  readonly cert: string;
  readonly key: string;
  readonly facts: CertificateFacts;
}

/**
 * The authority of a folder.
 * @throws TssError FAILED_PRECONDITION when it is not there.
 */
export function readAuthority(folder: string): CertifiedKey {
  const [cert, key] = filesOf(folder, AUTHORITY);
  if (!existsSync(cert) || !existsSync(key))
    throw new TssError(
      "FAILED_PRECONDITION",
      `There is no authority in ${folder}: make one with \`tss cert init\`, or name its folder with --dir.`,
      { reason: "NO_AUTHORITY" },
    );
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

/**
 * Refuses to go on where files of this name are, before anything is made.
 * @throws TssError ALREADY_EXISTS naming the file.
 */
export function requireFree(folder: string, name: string, force: boolean): void {
  const there = filesOf(folder, name).find((file) => existsSync(file));
  if (there === undefined || force) return;
  throw new TssError("ALREADY_EXISTS", `${there} is already there: give --force to replace it.`, {
    reason: "FILE_EXISTS",
  });
}

/** Writes NAME.crt and NAME.key (0600), each of them whole or not at all. */
export function writePair(folder: string, name: string, pair: CertifiedKey): Made {
  makeDirectory(folder, 0o700);
  const [cert, key] = filesOf(folder, name);
  writeFile(key, pair.key, 0o600);
  writeFile(cert, pair.cert, 0o644);
  return { cert, key, facts: readCertificates(pair.cert, cert)[0] as CertificateFacts };
}

function filesOf(folder: string, name: string): readonly [cert: string, key: string] {
  return [path.join(folder, `${name}.crt`), path.join(folder, `${name}.key`)];
}

function writeFile(file: string, text: string, mode: number): void {
  const temporary = `${file}.new`;
  const handle = openSync(temporary, "w", mode);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(temporary, file);
}
