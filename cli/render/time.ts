import { type Duration, durationMs, type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";

/** Milliseconds of a time of the contract; undefined when it is absent. */
export const msOf = (time: Timestamp | undefined): number | undefined =>
  time === undefined ? undefined : timestampMs(time);

/** "340ms", "12s", "3m 20s", "5h 10m", "4d 2h": the two largest units. */
export function spanText(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))}ms`;
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toString()}s`;
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return two(seconds, 60, "m", 1, "s");
  if (seconds < 86_400) return two(seconds, 3_600, "h", 60, "m");
  return two(seconds, 86_400, "d", 3_600, "h");
}

function two(seconds: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)}${largeName}${rest === 0 ? "" : ` ${rest}${smallName}`}`;
}

/** "12s ago" or "in 5m". */
export function relativeText(at: number | undefined, now: number): string {
  if (at === undefined) return "";
  const distance = now - at;
  if (Math.abs(distance) < 1_000) return "now";
  const whole = Math.floor(Math.abs(distance) / 1_000) * 1_000;
  return distance > 0 ? `${spanText(whole)} ago` : `in ${spanText(whole)}`;
}

/** Local time of day with its date and offset: "2026-11-24 10:03:12.345 +01:00". */
export function clockText(at: number | undefined): string | undefined {
  if (at === undefined) return undefined;
  const date = new Date(at);
  const offset = -date.getTimezoneOffset();
  const local = new Date(at + offset * 60_000).toISOString().replace("T", " ").replace("Z", "");
  const part = (value: number) => String(Math.floor(value)).padStart(2, "0");
  return `${local} ${offset < 0 ? "-" : "+"}${part(Math.abs(offset) / 60)}:${part(Math.abs(offset) % 60)}`;
}

export const spanOf = (span: Duration | undefined): string | undefined =>
  span === undefined ? undefined : spanText(durationMs(span));

/** "512 B", "3.4 KiB", "12 MiB". */
export function sizeText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? Math.round(value * 10) / 10 : Math.round(value)} ${units[unit]}`;
}
