import { TssError } from "../../../proto/errors.ts";

/** What grpc-js says when a connection cannot be made, in words for people. The first that fits counts. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/Name resolution failed/, "its name is not known"],
  [/wrong version number|packet length too long/, "it does not speak TLS; leave out TSS_TLS_CA"],
  [/does not match certificate/, "its certificate is for another name: call it by one that `tss cert show` lists"],
  [/certificate has expired/, "its certificate has ended, or this machine's clock is wrong"],
  [/certificate is not yet valid/, "its certificate is not yet valid: is this machine's clock slow?"],
  [/certificate purpose/, "its certificate is not for servers"],
  [/certificate/, "its certificate is not signed by an authority in TSS_TLS_CA"],
  [/Protocol error/, "what answers there is no coordinator"],
  [/Failed to connect|socket disconnected/, "it closes the connection: does it ask for TLS, or is it another program?"],
];

/** No connection could be made: what was to be sent has not left. */
export class UnreachableError extends TssError {
  /** A few words. */
  readonly why: string;

  /** @param detail what grpc-js says about it. */
  constructor(address: string, detail: string) {
    const code = /\b(E[A-Z]{3,})\b/.exec(detail)?.[1];
    const known = REASONS.find(([pattern]) => pattern.test(detail))?.[1];
    const why = code ?? known ?? (detail.replace(/\.$/, "") || "no answer");
    super("UNAVAILABLE", `No coordinator answers at ${address} (${why}).`);
    this.why = why;
  }
}

/** Why one of several does not do, in a few words. */
export function whyNot(error: TssError): string {
  if (error instanceof UnreachableError) return error.why;
  if (error.reason === "STANDBY") return "it stands by";
  if (error.reason === "SHUTTING_DOWN") return "it shuts down";
  if (error.code === "DEADLINE_EXCEEDED") return "no answer in time";
  return error.message.replace(/\.$/, "");
}

/** None of several serves. */
export function noneAnswers(each: readonly { readonly address: string; readonly why: string }[]): TssError {
  const said = each.map(({ address, why }) => `${address} (${why})`).join(", ");
  return new TssError("UNAVAILABLE", `No coordinator answers: ${said}.`);
}
