import { once } from "node:events";
import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { type CertificateFacts, endsSoon, factsOf, readCertificates, timeLeft, whyNotNow } from "./certificate.ts";

/** What one look at a certificate has found. */
export interface CertificateLook {
  /** "warn": it holds, but not for long. */
  readonly state: "ok" | "warn" | "fail";
  /** One sentence: what is. */
  readonly message: string;
  /** One sentence: what to do; empty when all is well. */
  readonly mend: string;
}

const PATIENCE_MS = 3_000;
const CLOCK = "Set the clock of this machine (NTP), or make a new certificate (`tss cert server`).";

/**
 * Looks at the certificate that is shown at an address as a client would judge it, without giving up at the first fault.
 * @param address host:port.
 * @param ca PEM of the authorities to trust; absent: the system's.
 */
export async function lookAtServer(address: string, ca: string | undefined): Promise<CertificateLook> {
  const at = address.lastIndexOf(":");
  const host = address.slice(0, at).replace(/^\[|\]$/g, "") || "127.0.0.1";
  const port = Number(address.slice(at + 1));
  const socket = connect({
    host,
    port,
    ALPNProtocols: ["h2"],
    rejectUnauthorized: false,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
  });
  try {
    await once(socket, "secureConnect", { signal: AbortSignal.timeout(PATIENCE_MS) });
    return judge(socket, host, address);
  } catch (error) {
    const { code = "", name } = error as NodeJS.ErrnoException;
    if (/SSL|EPROTO|ECONNRESET/.test(code))
      return fail(
        `${address} does not speak TLS.`,
        "Set TSS_TLS_CERT and TSS_TLS_KEY there, or unset TSS_TLS_CA here.",
      );
    const why =
      name === "AbortError" || name === "TimeoutError" ? `nothing came within ${PATIENCE_MS / 1_000} s` : code;
    return fail(`TLS with ${address} does not begin (${why}).`, "Look whether a coordinator listens there.");
  } finally {
    socket.destroy();
  }
}

/** Looks at a certificate this program shows to others. @param mend what to do when it ends soon. */
export function lookAtOwn(pem: string, from: string, mend: string): CertificateLook {
  const [facts] = readCertificates(pem, from) as readonly [CertificateFacts];
  const now = Date.now();
  const what = `The client certificate ${facts.name}`;
  const problem = whyNotNow(facts, now);
  if (problem !== undefined) return fail(`${what} ${problem}.`, facts.notAfter.getTime() <= now ? mend : CLOCK);
  return soon(`${what} is valid`, facts, now, mend);
}

function judge(socket: TLSSocket, host: string, address: string): CertificateLook {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return fail(`${address} shows no certificate.`, "Look at its settings TSS_TLS_*.");
  const facts = factsOf(certificate);
  const what = `The certificate of ${address}`;
  const now = Date.now();
  const problem = whyNotNow(facts, now);
  if (problem !== undefined) return fail(`${what} ${problem}.`, CLOCK);
  if (!socket.authorized) {
    const { authorizationError } = socket;
    const code = (authorizationError as { code?: string }).code ?? String(authorizationError);
    if (code === "INVALID_PURPOSE")
      return fail(`${what} is not for servers.`, "Make one that is, with `tss cert server`.");
    if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
      return fail(
        `${what} is for ${facts.hosts.join(", ") || facts.name} and not for ${host}.`,
        `Call it by a name of its certificate, or make one with \`tss cert server --host ${host}\`.`,
      );
    return fail(
      `${what} is signed by ${facts.issuer}, which is not trusted here (${code}).`,
      "Let TSS_TLS_CA name the authority that signed it.",
    );
  }
  return soon(
    `${what} is trusted`,
    facts,
    now,
    "Make a new one (`tss cert server --force`): it is taken up without a restart.",
  );
}

function soon(what: string, facts: CertificateFacts, now: number, mend: string): CertificateLook {
  const left = timeLeft(facts, now);
  if (endsSoon(facts, now)) return { state: "warn", message: `${what} and ends in ${left}.`, mend };
  return { state: "ok", message: `${what} and holds for ${left}.`, mend: "" };
}

function fail(message: string, mend: string): CertificateLook {
  return { state: "fail", message, mend };
}
