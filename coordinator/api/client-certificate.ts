import type { TLSSocket } from "node:tls";
import type { ServerInterceptingCallInterface } from "@grpc/grpc-js";
import { TssError } from "../../proto/errors.ts";
import { factsOf, minuteText, whyNotNow } from "../../runtime/tls/certificate.ts";
import { http2StreamOf } from "./grpc-internals.ts";

/**
 * That the connection of a call has proven a certificate of an authority in TSS_TLS_CLIENT_CA. TLS itself would end the
 * connection of any other, and its caller would see no more than that.
 * @throws TssError UNAUTHENTICATED that says what is wrong with the certificate, and the mend.
 */
export function requireClientCertificate(call: ServerInterceptingCallInterface, now: number): void {
  const session = http2StreamOf(call)?.session;
  const socket = session?.socket as TLSSocket | undefined;
  if (socket?.authorized) return;
  // A connection keeps the certificate it began with: with a new one the caller comes over another.
  session?.close();
  const certificate = socket?.getPeerX509Certificate();
  if (socket === undefined || certificate === undefined)
    throw refusal(
      "MISSING",
      "This coordinator wants a client certificate and none was shown: set TSS_TLS_CLIENT_CERT and TSS_TLS_CLIENT_KEY (`tss cert client` makes them, and `tss-agent join` gets an agent its own).",
    );
  const facts = factsOf(certificate);
  const what = `The client certificate ${facts.name}`;
  const { authorizationError } = socket;
  const code = authorizationError instanceof Error ? authorizationError.message : String(authorizationError);
  switch (code) {
    case "CERT_HAS_EXPIRED":
      throw refusal(
        "EXPIRED",
        `${what} ended on ${minuteText(facts.notAfter)}: make a new one (\`tss cert client\`), or join again with an agent (\`tss-agent join\`).`,
      );
    case "CERT_NOT_YET_VALID":
      throw refusal(
        "NOT_YET_VALID",
        `${what} ${whyNotNow(facts, now)}: one of the two clocks is wrong, let both machines follow a time server (NTP).`,
      );
    case "INVALID_PURPOSE":
      throw refusal("PURPOSE", `${what} is not for clients: make one that is (\`tss cert client\`).`);
    default:
      throw refusal(
        "FOREIGN",
        `${what}, signed by ${facts.issuer}, is of no authority that this coordinator trusts (${code}): use one signed by an authority in its TSS_TLS_CLIENT_CA.`,
      );
  }
}

function refusal(what: string, sentence: string): TssError {
  return new TssError("UNAUTHENTICATED", sentence, { reason: `CLIENT_CERTIFICATE_${what}` });
}
