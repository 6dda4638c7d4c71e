import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { TssError } from "../../../proto/errors.ts";
import { freshFiles } from "../../../runtime/tls/fresh-files.ts";
import type { ConnectionOptions, TlsTexts } from "../connection-types.ts";

/** PEM texts or files of them, as the settings of the names in docs/configuration.md give them. */
export interface ClientTlsSettings {
  /** `TSS_TLS_CA`. */
  readonly ca?: string | undefined;
  /** `TSS_TLS_CLIENT_CERT`. */
  readonly clientCert?: string | undefined;
  /** `TSS_TLS_CLIENT_KEY`. */
  readonly clientKey?: string | undefined;
  /** Told in one sentence when files were replaced by some that cannot be used; those before are used on. */
  readonly onTlsProblem?: ((sentence: string) => void) | undefined;
}

/**
 * TLS as the settings say; undefined: plaintext is meant. Files are read again for new connections when they were replaced.
 * @throws TssError FAILED_PRECONDITION when they cannot be used.
 */
export function clientTls({ ca, clientCert, clientKey, onTlsProblem }: ClientTlsSettings): ConnectionOptions["tls"] {
  if ((clientCert === undefined) !== (clientKey === undefined)) {
    const names = ["TSS_TLS_CLIENT_CERT", "TSS_TLS_CLIENT_KEY"];
    const [given, missing] = clientKey === undefined ? names : names.reverse();
    throw new TssError(
      "FAILED_PRECONDITION",
      `${given} is set and ${missing} is not: one is of no use without the other.`,
      {
        reason: "TLS_FILES",
      },
    );
  }
  if (ca === undefined && clientCert === undefined) return undefined;
  const files = [ca, clientCert, clientKey].filter((value) => value !== undefined && !isPem(value)) as string[];
  const read = () => readTexts(ca, clientCert, clientKey);
  if (files.length === 0) return read();
  const fresh = freshFiles(files, read, ({ message }) =>
    onTlsProblem?.(`What was used for TLS is used on: ${message}`),
  );
  return () => fresh.latest();
}

function readTexts(ca: string | undefined, clientCert: string | undefined, clientKey: string | undefined): TlsTexts {
  const texts = {
    ...(ca === undefined ? {} : { ca: readPem("TSS_TLS_CA", ca) }),
    ...(clientCert === undefined ? {} : { cert: readPem("TSS_TLS_CLIENT_CERT", clientCert) }),
    ...(clientKey === undefined ? {} : { key: readPem("TSS_TLS_CLIENT_KEY", clientKey) }),
  };
  try {
    createSecureContext(texts);
  } catch (error) {
    throw new TssError(
      "FAILED_PRECONDITION",
      clientCert === undefined
        ? "TSS_TLS_CA holds no certificate that can be read: it must be PEM, or name a file of it."
        : "TSS_TLS_CLIENT_CERT and TSS_TLS_CLIENT_KEY are no certificate and its key: they must be PEM, or name files of it, that belong together.",
      { reason: "TLS_FILES", cause: error },
    );
  }
  return texts;
}

function isPem(value: string): boolean {
  return value.includes("-----BEGIN ");
}

function readPem(name: string, value: string): string {
  if (isPem(value)) return value;
  try {
    return readFileSync(value, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new TssError("FAILED_PRECONDITION", `${name} names ${value}, which cannot be read (${code}).`, {
      reason: "TLS_FILES",
      cause: error,
    });
  }
}
