import { createPrivateKey, createPublicKey, type KeyObject, randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { TssError } from "../../proto/errors.ts";
import { makeKeyPair } from "./key-pair.ts";

/** A certificate and the key that belongs to it, PEM. */
export interface CertifiedKey {
  readonly cert: string;
  readonly key: string;
}

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export interface Wanted extends Validity {
  /** Whom it names; 1–64 characters. */
  readonly name: string;
  /** Server: it may also call, as coordinators do with each other. */
  readonly use: "server" | "client";
  /** DNS names and IP addresses that a server answers to. */
  readonly hosts?: readonly string[];
  /** SPKI, DER. Only who has its private half can use the certificate. */
  readonly publicKey: Uint8Array;
}

const DAY_MS = 86_400_000;
/** Clocks may differ by so much. */
const BACKDATED_MS = 5 * 60_000;

/** From a little before now, for clocks that are slow, until a number of days from now. */
export function validForDays(days: number, now = Date.now()): Validity {
  return { notBefore: new Date(now - BACKDATED_MS), notAfter: new Date(now + days * DAY_MS) };
}

/** Makes an authority that signs certificates of servers and clients, and no further authorities. */
export async function makeAuthority(validity: Validity): Promise<CertifiedKey> {
  const x509 = await loadX509();
  const { key } = makeKeyPair();
  const keys = await webKeys(createPrivateKey(key));
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    serialNumber: serialNumber(),
    // Two authorities never have one name: who trusts both would try the wrong one.
    name: [{ CN: [`TSS authority ${randomBytes(4).toString("hex")}`] }],
    signingAlgorithm: keys.algorithm,
    keys: { privateKey: keys.privateKey, publicKey: keys.publicKey },
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: pem(cert), key };
}

/**
 * Signs a certificate; it ends with the authority at the latest.
 * @returns PEM.
 * @throws TssError FAILED_PRECONDITION when the authority cannot sign, INVALID_ARGUMENT for a key that is none.
 */
export async function issueCertificate(authority: CertifiedKey, wanted: Wanted): Promise<string> {
  const x509 = await loadX509();
  const signer = await webKeys(createPrivateKey(authority.key));
  const issuer = new x509.X509Certificate(authority.cert);
  if (issuer.notAfter.getTime() <= Date.now())
    throw new TssError(
      "FAILED_PRECONDITION",
      `The authority ${issuer.subject} ended on ${issuer.notAfter.toISOString().slice(0, 10)}: make a new one (\`tss cert init\`).`,
      { reason: "AUTHORITY_ENDED" },
    );
  const { ExtendedKeyUsage } = x509;
  const publicKey = new x509.PublicKey(wanted.publicKey);
  const cert = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    // As a bare text, one that begins with # would be read as bytes.
    subject: new x509.Name([{ CN: [{ utf8String: wanted.name }] }]),
    issuer: issuer.subjectName,
    notBefore: wanted.notBefore,
    notAfter: new Date(Math.min(wanted.notAfter.getTime(), issuer.notAfter.getTime())),
    publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: signer.algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(
        wanted.use === "server"
          ? [ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]
          : [ExtendedKeyUsage.clientAuth],
      ),
      ...(wanted.hosts === undefined
        ? []
        : [
            new x509.SubjectAlternativeNameExtension(
              wanted.hosts.map((host) => ({ type: isIP(host) === 0 ? "dns" : "ip", value: host }) as const),
            ),
          ]),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return pem(cert);
}

/** Only who issues pays for it: docs/decisions/0040. */
async function loadX509() {
  await import("reflect-metadata");
  return import("@peculiar/x509");
}

/** Positive and of 16 bytes, whatever the first byte is. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString("hex");
}

const CURVES: Readonly<Record<string, string>> = { prime256v1: "P-256", secp384r1: "P-384" };

async function webKeys(key: KeyObject) {
  const { asymmetricKeyType, asymmetricKeyDetails } = key;
  const namedCurve = CURVES[asymmetricKeyDetails?.namedCurve ?? ""];
  if (asymmetricKeyType !== "rsa" && namedCurve === undefined)
    throw new TssError("FAILED_PRECONDITION", "The key of the authority is neither RSA nor P-256 nor P-384.", {
      reason: "AUTHORITY_KEY",
    });
  const algorithm =
    asymmetricKeyType === "rsa"
      ? { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }
      : { name: "ECDSA", namedCurve, hash: namedCurve === "P-384" ? "SHA-384" : "SHA-256" };
  const { subtle } = globalThis.crypto;
  const privateKey = await subtle.importKey("pkcs8", key.export({ type: "pkcs8", format: "der" }), algorithm, true, [
    "sign",
  ]);
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  const publicKey = await subtle.importKey("spki", spki, algorithm, true, ["verify"]);
  return { algorithm, privateKey, publicKey };
}

function pem(certificate: { toString(format: "pem"): string }): string {
  return `${certificate.toString("pem").trim()}\n`;
}
