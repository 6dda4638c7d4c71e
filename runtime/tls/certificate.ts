import { X509Certificate } from "node:crypto";
import { TssError } from "../../proto/errors.ts";

/** What a certificate says. */
export interface CertificateFacts {
  /** Whom it names. */
  readonly name: string;
  /** Who signed it. */
  readonly issuer: string;
  readonly use: "authority" | "server" | "client";
  /** DNS names and IP addresses. */
  readonly hosts: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly serial: string;
  /** SHA-256 of the whole, as `openssl x509 -fingerprint -sha256` writes it. */
  readonly fingerprint: string;
}

const DAY_MS = 86_400_000;
/** Before this much is left, somebody should see to the next one. */
export const SOON_MS = 14 * DAY_MS;
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * The certificates of a PEM text, in its order.
 * @param from where the text is from, to name it.
 * @throws TssError INVALID_ARGUMENT when there is none or one cannot be read.
 */
export function readCertificates(pem: string, from: string): readonly CertificateFacts[] {
  const blocks = pem.match(BLOCK) ?? [];
  if (blocks.length === 0)
    throw unreadable(
      pem.includes("PRIVATE KEY-----")
        ? `${from} holds a private key and no certificate.`
        : `${from} holds no certificate: one begins with -----BEGIN CERTIFICATE-----.`,
    );
  return blocks.map((block) => {
    try {
      return factsOf(new X509Certificate(block));
    } catch (error) {
      throw unreadable(`${from} holds a certificate that cannot be read.`, error);
    }
  });
}

export function factsOf(certificate: X509Certificate): CertificateFacts {
  const { subject, issuer, ca, keyUsage, subjectAltName, serialNumber, fingerprint256 } = certificate;
  const server = (keyUsage as readonly string[] | undefined)?.includes(SERVER_AUTH);
  return {
    name: commonName(subject),
    issuer: commonName(issuer),
    use: ca ? "authority" : server ? "server" : "client",
    hosts: (subjectAltName ?? "")
      .split(", ")
      .map((name) => name.replace(/^(DNS|IP Address):/, ""))
      .filter((name) => name !== ""),
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
    serial: serialNumber,
    fingerprint: fingerprint256,
  };
}

/** Why a certificate may not be used at a time: the end of a sentence that begins with what it is. Undefined: it may. */
export function whyNotNow({ notBefore, notAfter }: CertificateFacts, now: number): string | undefined {
  if (notAfter.getTime() <= now) return `ended on ${minuteText(notAfter)}`;
  if (notBefore.getTime() > now)
    return `is not yet valid: it begins on ${minuteText(notBefore)} and here it is ${minuteText(new Date(now))}`;
  return undefined;
}

/** Whether less than two weeks are left. */
export function endsSoon({ notAfter }: Pick<CertificateFacts, "notAfter">, now: number): boolean {
  return notAfter.getTime() - now < SOON_MS;
}

/** `2026-11-26 12:30 UTC`. */
export function minuteText(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** `3 days`, `5 hours`: what is left of it. */
export function timeLeft({ notAfter }: Pick<CertificateFacts, "notAfter">, now: number): string {
  const ms = notAfter.getTime() - now;
  const [count, unit] = ms >= 2 * DAY_MS ? [Math.floor(ms / DAY_MS), "day"] : [Math.floor(ms / 3_600_000), "hour"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

function commonName(subject: string | undefined): string {
  const name = /(?:^|\n)CN=([^\n]*)/.exec(subject ?? "")?.[1] ?? subject?.replaceAll("\n", ", ") ?? "";
  // As it was written; what is no character to show stays `\0A`.
  return name.replace(/\\([,+"\\<>;# ])/g, "$1");
}

function unreadable(sentence: string, cause?: unknown): TssError {
  return new TssError("INVALID_ARGUMENT", sentence, { reason: "NO_CERTIFICATE", cause });
}
