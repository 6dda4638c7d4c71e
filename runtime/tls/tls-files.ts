import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { TssError } from "../../proto/errors.ts";
import type { Logger } from "../logger.ts";
import type { Settings } from "../settings-table.ts";
import { type FreshFiles, freshFiles } from "./fresh-files.ts";

/** Paths of PEM files. */
export interface TlsFiles {
  readonly certPath: string;
  readonly keyPath: string;
  /** Of the authorities whose client certificates are demanded; absent: none is. */
  readonly clientCaPath?: string | undefined;
}

/** What a listener shows its callers and whom it believes, PEM. */
export interface TlsIdentity {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa?: Buffer;
}

type TlsSettings = Pick<Settings, "TSS_TLS_CERT" | "TSS_TLS_KEY"> & Partial<Pick<Settings, "TSS_TLS_CLIENT_CA">>;

/**
 * The files a listener's TLS is made of; undefined: plaintext is meant.
 * @throws TssError FAILED_PRECONDITION when only some are named: nobody who names one means plaintext.
 */
export function tlsFilesOf(settings: TlsSettings): TlsFiles | undefined {
  const { TSS_TLS_CERT: certPath, TSS_TLS_KEY: keyPath, TSS_TLS_CLIENT_CA: clientCaPath } = settings;
  if (certPath !== undefined && keyPath !== undefined) return { certPath, keyPath, clientCaPath };
  if (certPath === undefined && keyPath === undefined) {
    if (clientCaPath === undefined) return undefined;
    throw unusable(
      "TSS_TLS_CLIENT_CA is set and TSS_TLS_CERT is not: client certificates are asked for by TLS, which needs TSS_TLS_CERT and TSS_TLS_KEY.",
    );
  }
  const [given, missing] = certPath === undefined ? ["TSS_TLS_KEY", "TSS_TLS_CERT"] : ["TSS_TLS_CERT", "TSS_TLS_KEY"];
  throw unusable(`${given} is set and ${missing} is not: TLS needs both, and without TLS neither is needed.`);
}

/**
 * The files as they are at any time, from now on.
 * @throws TssError FAILED_PRECONDITION naming the file that cannot be used now; later that is said in the log.
 */
export function openTls(files: TlsFiles, logger: Pick<Logger, "error">): FreshFiles<TlsIdentity> {
  const { certPath, keyPath, clientCaPath } = files;
  const paths = clientCaPath === undefined ? [certPath, keyPath] : [certPath, keyPath, clientCaPath];
  return freshFiles(
    paths,
    () => readTls(files),
    ({ message }) => logger.error({ cert: certPath }, `the certificate in use stays: ${message}`),
  );
}

/** @throws TssError FAILED_PRECONDITION naming the file that cannot be used. */
export function readTls({ certPath, keyPath, clientCaPath }: TlsFiles): TlsIdentity {
  const cert = readPem(certPath, "TSS_TLS_CERT");
  const key = readPem(keyPath, "TSS_TLS_KEY");
  const clientCa = clientCaPath === undefined ? undefined : readPem(clientCaPath, "TSS_TLS_CLIENT_CA");
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw unusable(
      `${certPath} and ${keyPath} are no certificate and its key: TSS_TLS_CERT and TSS_TLS_KEY must name PEM files that belong together.`,
      error,
    );
  }
  if (clientCa === undefined) return { cert, key };
  // OpenSSL takes a file without certificates for an empty list, which nobody could ever satisfy.
  if (!clientCa.includes("-----BEGIN CERTIFICATE-----"))
    throw unusable(`${clientCaPath} holds no certificate: TSS_TLS_CLIENT_CA must name a PEM file of authorities.`);
  return { cert, key, clientCa };
}

/** @throws TssError FAILED_PRECONDITION naming the setting and the file. */
export function readPem(path: string, setting: string): Buffer {
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
