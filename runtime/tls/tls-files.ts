import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { TssError } from "../../proto/errors.ts";
import type { Settings } from "../settings-table.ts";

/** Paths of PEM files. */
export interface TlsFiles {
  readonly certPath: string;
  readonly keyPath: string;
}

/** What a listener shows its callers, PEM. */
export interface TlsIdentity {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * The files a listener's TLS is made of; undefined: plaintext is meant.
 * @throws TssError FAILED_PRECONDITION when only one is named: nobody who names one means plaintext.
 */
export function tlsFilesOf(settings: Pick<Settings, "TSS_TLS_CERT" | "TSS_TLS_KEY">): TlsFiles | undefined {
  const { TSS_TLS_CERT: certPath, TSS_TLS_KEY: keyPath } = settings;
  if (certPath === undefined && keyPath === undefined) return undefined;
  if (certPath !== undefined && keyPath !== undefined) return { certPath, keyPath };
  const [given, missing] = certPath === undefined ? ["TSS_TLS_KEY", "TSS_TLS_CERT"] : ["TSS_TLS_CERT", "TSS_TLS_KEY"];
  throw unusable(`${given} is set and ${missing} is not: TLS needs both, and without TLS neither is needed.`);
}

/** @throws TssError FAILED_PRECONDITION naming the file that cannot be used. */
export function readTls({ certPath, keyPath }: TlsFiles): TlsIdentity {
  const cert = read(certPath, "TSS_TLS_CERT");
  const key = read(keyPath, "TSS_TLS_KEY");
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw unusable(
      `${certPath} and ${keyPath} are no certificate and its key: TSS_TLS_CERT and TSS_TLS_KEY must name PEM files that belong together.`,
      error,
    );
  }
  return { cert, key };
}

function read(path: string, setting: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? "unreadable";
    throw unusable(`${path} cannot be read (${why}): ${setting} must name a PEM file.`, error);
  }
}

function unusable(sentence: string, cause?: unknown): TssError {
  return new TssError("FAILED_PRECONDITION", sentence, { reason: "TLS_FILES", cause });
}
