import type { IncomingHttpHeaders } from "node:http2";

/** Longest timeouts of each unit that stay below 2³¹ ms, which is as far as grpc-js and a timer can count. */
const LONGEST: Readonly<Record<string, number>> = { H: 500, M: 30_000, S: 2_000_000 };

/** Makes a deadline of more than about three weeks one of three weeks, where grpc-js would take it for past. */
export function shortenTimeout(headers: IncomingHttpHeaders): void {
  const timeout = headers["grpc-timeout"];
  if (typeof timeout !== "string") return;
  const unit = timeout.at(-1) ?? "";
  const longest = LONGEST[unit];
  if (longest !== undefined && Number(timeout.slice(0, -1)) > longest) headers["grpc-timeout"] = `${longest}${unit}`;
}
