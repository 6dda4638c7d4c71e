import { execFileSync } from "node:child_process";
import { cpus, loadavg, release, totalmem } from "node:os";
import pg from "pg";

const DURABILITY = ["server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers"];

/** What a figure was measured on, a line each. */
export async function describeMachine(databaseUrl: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const settings: string[] = [];
  for (const name of DURABILITY) {
    const answer = await client.query(`SHOW ${name}`);
    settings.push(`${name} ${answer.rows[0][name]}`);
  }
  await client.end();
  const revision = execFileSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8" }).trim();
  return [
    `${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.version}`,
    `Postgres: ${settings.join(", ")}`,
    `TSS ${revision}, ${new Date().toISOString().slice(0, 16)}Z, load before ${loadavg()[0]?.toFixed(2)}`,
  ];
}
