import { TssError } from "../../../proto/errors.ts";

/** What grpc-js says when a connection cannot be made, in words for people. The first that fits counts. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/Name resolution failed/, "its name is not known"],
  [/wrong version number|packet length too long/, "it does not speak TLS; leave out TSS_TLS_CA"],
  [/does not match certificate/, "its certificate is for another name"],
  [/certificate/, "its certificate is not signed by an authority in TSS_TLS_CA"],
  [/Protocol error/, "what answers there is no coordinator"],
  [/Failed to connect|socket disconnected/, "it closes the connection: does it ask for TLS, or is it another program?"],
];

/** @param detail what grpc-js says about it. */
export function unreachable(address: string, detail: string): TssError {
  const code = /\b(E[A-Z]{3,})\b/.exec(detail)?.[1];
  const known = REASONS.find(([pattern]) => pattern.test(detail))?.[1];
  const why = code ?? known ?? (detail.replace(/\.$/, "") || "no answer");
  return new TssError("UNAVAILABLE", `No coordinator answers at ${address} (${why}).`);
}
