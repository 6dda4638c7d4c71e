import { createPublicKey, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { TssError } from "../../proto/errors.ts";
import type { Logger } from "../logger.ts";
import type { Settings } from "../settings-table.ts";
import { freshFiles } from "./fresh-files.ts";
import { readPem } from "./tls-files.ts";

export interface IssuedCertificate {
  /** PEM. */
  readonly certificate: string;
  /** Unix milliseconds. */
  readonly endsAt: number;
}

/** What a coordinator signs the certificates of agents with. */
export interface ClientAuthority {
  /**
   * Makes a client certificate.
   * @param publicKey as `isClientKey` wants it.
   * @param lifeMs from now; it ends with the authority at the latest.
   * @throws TssError FAILED_PRECONDITION when the authority cannot sign.
   */
  issue(name: string, publicKey: Uint8Array, lifeMs: number): Promise<IssuedCertificate>;
}

/**
 * The first authority of TSS_TLS_CLIENT_CA, if its key is set.
 * @throws TssError FAILED_PRECONDITION when the two do not belong together.
 */
export function openClientAuthority(
  { TSS_TLS_CLIENT_CA: certPath, TSS_TLS_CLIENT_CA_KEY: keyPath }: Settings,
  logger: Pick<Logger, "error">,
): ClientAuthority | undefined {
  if (keyPath === undefined) return undefined;
  if (certPath === undefined)
    throw unusable(
      "TSS_TLS_CLIENT_CA_KEY is set and TSS_TLS_CLIENT_CA is not: it names the key of the first certificate there.",
    );
  const read = () => {
    const cert = readPem(certPath, "TSS_TLS_CLIENT_CA");
    const key = readPem(keyPath, "TSS_TLS_CLIENT_CA_KEY");
    try {
      createSecureContext({ cert, key });
    } catch (error) {
      throw unusable(
        `${keyPath} is not the key of the first certificate in ${certPath}: TSS_TLS_CLIENT_CA_KEY must name that.`,
        error,
      );
    }
    return { cert: String(cert), key: String(key) };
  };
  const files = freshFiles([certPath, keyPath], read, ({ message }) =>
    logger.error({ ca: certPath }, `the authority in use stays: ${message}`),
  );
  return {
    async issue(name, publicKey, lifeMs) {
      const { issueCertificate, validForDays } = await import("./issue.ts");
      const validity = validForDays(lifeMs / 86_400_000);
      const certificate = await issueCertificate(files.latest(), {
        name: [...name].slice(0, 64).join(""),
        use: "client",
        publicKey,
        ...validity,
      });
      return { certificate, endsAt: new X509Certificate(certificate).validToDate.getTime() };
    },
  };
}

/** Whether these bytes are a P-256 key in SPKI, which is what agents make. */
export function isClientKey(bytes: Uint8Array): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(bytes), format: "der", type: "spki" });
    return key.asymmetricKeyDetails?.namedCurve === "prime256v1";
  } catch {
    return false;
  }
}

function unusable(sentence: string, cause?: unknown): TssError {
  return new TssError("FAILED_PRECONDITION", sentence, { reason: "TLS_FILES", cause });
}
