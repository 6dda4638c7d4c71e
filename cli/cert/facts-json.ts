import type { CertificateFacts } from "../../runtime/tls/certificate.ts";
import type { Made } from "./folder.ts";

/** As `--json` shows a certificate; times are ISO 8601. */
export function factsJson({ notBefore, notAfter, ...facts }: CertificateFacts) {
  return { ...facts, notBefore: notBefore.toISOString(), notAfter: notAfter.toISOString() };
}

/** As `--json` shows what was made: the files and what they hold. */
export function madeJson({ cert, key, facts }: Made) {
  return { cert, key, certificate: factsJson(facts) };
}
