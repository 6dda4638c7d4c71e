import { SchemaError } from "../../../ports/store-errors.ts";
import type { SchemaStatus } from "../../../ports/store-plugin.ts";
import type { Connection } from "../connection.ts";

/** Names of the migrations, oldest first. The schema version is how many of them have run. */
export const MIGRATIONS: readonly string[] = [
  "InitialSchema1764000000000",
  "Stats1785500000000",
  "Bulk1795600000000",
  "Joining1795900000000",
  "Secrets1796000000000",
];

export const LATEST = MIGRATIONS.length;

/** Version of the schema, 0: none. It lies beside TypeORM's table so that opening need not load TypeORM. */
export function schemaVersion(connection: Connection): number {
  const there = connection.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'meta'").get();
  if (there === undefined) return 0;
  const row = connection.prepare("SELECT value FROM meta WHERE key = 'schema_version'").get();
  return (row?.["value"] as number | undefined) ?? 0;
}

export function statusOf(path: string, version: number): SchemaStatus {
  const pending = MIGRATIONS.slice(version);
  return { reachable: true, problem: schemaProblem(path, version), version, latest: LATEST, pending };
}

export function unreachable(problem: string): SchemaStatus {
  return { reachable: false, problem, version: 0, latest: LATEST, pending: MIGRATIONS };
}

export function checkVersion(path: string, version: number): void {
  const problem = schemaProblem(path, version);
  if (problem !== "") throw new SchemaError(problem);
}

/** One sentence that says what to do; "" when the schema is this program's. */
function schemaProblem(path: string, version: number): string {
  if (version === LATEST) return "";
  if (version === 0) return `The database ${path} has no schema of TSS: run "tss db init".`;
  if (version < LATEST)
    return `The database ${path} has schema version ${version}, this TSS needs ${LATEST}: run "tss db migrate".`;
  return `The database ${path} has schema version ${version}, this TSS knows up to ${LATEST}: use the newer TSS that made it.`;
}
