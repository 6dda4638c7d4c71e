import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { ServerCredentials } from "@grpc/grpc-js";
import { TssError } from "../../proto/errors.ts";

/** Paths of PEM files. */
export interface TlsFiles {
  readonly certPath: string;
  readonly keyPath: string;
}

/** TLS 1.2 or newer with this certificate; without one plaintext. @throws TssError FAILED_PRECONDITION naming the file. */
export function serverCredentials(tls: TlsFiles | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const cert = read(tls.certPath, "TSS_TLS_CERT");
  const key = read(tls.keyPath, "TSS_TLS_KEY");
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw unusable(
      `${tls.certPath} and ${tls.keyPath} are no certificate and its key: TSS_TLS_CERT and TSS_TLS_KEY must name PEM files that belong together.`,
      error,
    );
  }
  return ServerCredentials.createSsl(null, [{ cert_chain: cert, private_key: key }]);
}

function read(path: string, setting: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? "unreadable";
    throw unusable(`${path} cannot be read (${why}): ${setting} must name a PEM file.`, error);
  }
}

function unusable(sentence: string, cause: unknown): TssError {
  return new TssError("FAILED_PRECONDITION", sentence, { reason: "TLS_FILES", cause });
}
