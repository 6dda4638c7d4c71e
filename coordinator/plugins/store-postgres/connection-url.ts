/** Where a database is, as people are told: never with the password. */
export interface Target {
  readonly host: string;
  readonly port: string;
  readonly database: string;
  readonly user: string;
}

/** Reads the parts of a `postgres://` address that messages name; what it leaves out is libpq's default. */
export function targetOf(url: string): Target {
  const parsed = new URL(url);
  const user = decodeURIComponent(parsed.username) || process.env["PGUSER"] || process.env["USER"] || "postgres";
  return {
    host:
      parsed.searchParams.get("host") ||
      parsed.hostname.replace(/^\[|\]$/g, "") ||
      process.env["PGHOST"] ||
      "localhost",
    port: parsed.port || parsed.searchParams.get("port") || process.env["PGPORT"] || "5432",
    database: decodeURIComponent(parsed.pathname.slice(1)) || process.env["PGDATABASE"] || user,
    user,
  };
}

const CHECKED = new Set(["prefer", "require", "verify-ca"]);

/**
 * The address as the driver is given it. Every sslmode but `disable` and `no-verify` checks certificate and name: the driver
 * does so today, warns that it will not for ever, and is told in the words that it will keep.
 */
export function driverUrl(url: string): string {
  const parsed = new URL(url);
  const mode = parsed.searchParams.get("sslmode");
  if (mode === null || !CHECKED.has(mode) || parsed.searchParams.has("uselibpqcompat")) return url;
  return url.replace(/([?&]sslmode=)[^&]*/, "$1verify-full");
}
