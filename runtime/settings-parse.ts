import { spanText } from "./span-text.ts";

/** Readers of one setting's text. Each throws an Error whose message says what is allowed. */

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `15s`, `500ms`, `2h`, `7d`, `1.5m`; a bare number is seconds. */
export function readDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim());
  if (!match) return undefined;
  return Number(match[1]) * (UNITS[match[2] ?? "s"] ?? 1_000);
}

export const duration =
  (minMs: number, maxMs: number) =>
  (text: string): number => {
    const value = readDuration(text);
    if (value === undefined || value < minMs || value > maxMs)
      throw new Error(`must be a duration such as 500ms, 15s, 2h or 7d, from ${spanText(minMs)} to ${spanText(maxMs)}`);
    return value;
  };

export const integer =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^-?\d+$/.test(text.trim()) || value < min || value > max)
      throw new Error(`must be a whole number from ${min} to ${max}`);
    return value;
  };

export function bytes(text: string): number {
  const match = /^(\d+)\s*(|k|ki|m|mi|g|gi)b?$/i.exec(text.trim());
  if (!match) throw new Error("must be a size such as 65536, 64KiB or 32MiB");
  const power = { "": 0, k: 1, m: 2, g: 3 }[(match[2] ?? "").toLowerCase().replace("i", "")] ?? 0;
  return Number(match[1]) * 1024 ** power;
}

/** A size that is no smaller than `min` bytes. */
export const bytesFrom =
  (min: number) =>
  (text: string): number => {
    const value = bytes(text);
    if (value < min) throw new Error(`must be at least ${min} bytes`);
    return value;
  };

export function text(value: string): string | undefined {
  return value === "" ? undefined : value;
}

export function secret(value: string): string | undefined {
  if (value !== "" && value.length < 16) throw new Error("must have 16 characters or more");
  return text(value);
}

/** One key after the other; what a file holds is seen when it is read. */
export function masterKeys(value: string): string[] {
  const items = list(value);
  if (items.every((item) => /^file:./.test(item) || isMasterKey(item))) return items;
  throw new Error(
    "must be 32 random bytes in base64 (`head -c 32 /dev/urandom | base64`) or file:PATH, several with commas",
  );
}

/** Whether it is the base64 of 32 bytes. */
export function isMasterKey(text: string): boolean {
  return /^[A-Za-z0-9+/]{43}=$/.test(text);
}

export const oneOf =
  <T extends string>(...allowed: T[]) =>
  (value: string): T => {
    if (!(allowed as string[]).includes(value)) throw new Error(`must be one of ${allowed.join(", ")}`);
    return value as T;
  };

export function list(value: string): string[] {
  return value
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

export function address(value: string): string {
  const port = Number(/^(?:\[[^\]]+\]|[^:\s]*):(\d{1,5})$/.exec(value)?.[1] ?? "x");
  if (!(port >= 0 && port <= 65_535)) throw new Error("must be host:port, e.g. 127.0.0.1:7400");
  return value;
}

export function addressList(value: string): string {
  const items = list(value);
  if (items.length === 0) throw new Error("must be host:port, e.g. 127.0.0.1:7400, or several separated by commas");
  for (const item of items) address(item);
  return items.join(",");
}

export function databaseUrl(value: string): string {
  if (/^(sqlite|module):./.test(value)) return value;
  if (/^postgres(ql)?:\/\//.test(value) && URL.canParse(value)) return value;
  throw new Error("must be postgres://user:password@host:port/database, sqlite:PATH or module:PATH");
}

/** One server, or several separated by commas. */
export function redisUrls(value: string): string {
  const urls = list(value);
  if (urls.length === 0 || !urls.every(isRedisUrl))
    throw new Error("must be redis://HOST:PORT, redis://:PASSWORD@HOST:PORT/NUMBER or rediss://…, several with commas");
  return urls.join(",");
}

function isRedisUrl(text: string): boolean {
  if (!/^rediss?:\/\/[^/]/.test(text) || !URL.canParse(text)) return false;
  const { hostname, pathname } = new URL(text);
  return hostname !== "" && /^(\/\d*)?$/.test(pathname);
}

export function labels(value: string): Record<string, string> {
  const result: Record<string, string> = {};
  for (const item of list(value)) {
    const at = item.indexOf("=");
    if (at < 1) throw new Error("must be name=value pairs separated by commas");
    result[item.slice(0, at)] = item.slice(at + 1);
  }
  return result;
}

export function resources(value: string): Record<string, number> {
  const result: Record<string, number> = {};
  for (const [name, amount] of Object.entries(labels(value))) {
    const number = Number(amount);
    if (!Number.isFinite(number) || number < 0) throw new Error("must be name=number pairs, each number at least 0");
    result[name] = number;
  }
  return result;
}
