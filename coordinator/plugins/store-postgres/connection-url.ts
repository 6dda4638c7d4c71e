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
