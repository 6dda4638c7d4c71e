import type { Connection } from "./connection.ts";

export function metaValue(connection: Connection, key: string): unknown {
  return connection.prepare("SELECT value FROM meta WHERE key = ?").get(key)?.["value"];
}
