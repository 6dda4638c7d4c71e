import { spawnSync } from "node:child_process";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import { type GuardedChild, type GuardedCommand, startGuarded } from "./guarded-child.ts";

export interface TestServer {
  readonly url: string;
  readonly process: GuardedChild;
}

export interface RestartableServer extends TestServer {
  /** Starts the server again on the same port, and on the same data where it keeps any, once it has been killed. */
  readonly command: GuardedCommand;
}

const PASSWORD = "tss-test";

/** Durable as in production (fsync stays on); only sizes differ, so that a checkpoint does not fall into a short test. */
const CONFIGURATION = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "200",
  shared_buffers: "256MB",
  max_wal_size: "4GB",
  checkpoint_timeout: "30min",
  timezone: "UTC",
};

/**
 * Starts a private Postgres on a free loopback port in a folder of its own, with user and database `postgres`.
 * @param binaries folder of `postgres` and `initdb`.
 * @param settings server settings beside the usual ones, e.g. `{ fsync: "off" }` for a test that says so.
 */
export async function startPostgres(
  binaries: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<RestartableServer> {
  const owner = unprivileged();
  const folder = mkdtempSync(join(tmpdir(), "tss-postgres-"));
  if (owner) chownSync(folder, owner.uid, owner.gid);
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, PASSWORD, { mode: 0o600 });
  if (owner) chownSync(passwordFile, owner.uid, owner.gid);
  const data = join(folder, "data");
  const made = spawnSync(
    join(binaries, "initdb"),
    ["-D", data, "-U", "postgres", "-A", "scram-sha-256", "--pwfile", passwordFile, "-E", "UTF8", "--no-locale", "-N"],
    { cwd: folder, encoding: "utf8", ...owner },
  );
  if (made.status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`initdb failed: ${(made.stderr || String(made.error)).trim()}`);
  }
  const port = await freePort();
  const all = { ...CONFIGURATION, port: String(port), ...settings };
  const args = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const command: GuardedCommand = {
    file: join(binaries, "postgres"),
    args: ["-D", data, ...args],
    folder,
    signal: "QUIT",
    ready: "database system is ready to accept connections",
    ...owner,
  };
  const process = await startGuarded(command);
  return { url: `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`, process, command };
}

/** Postgres refuses root: the user it runs as then; undefined when this process is an ordinary user. */
function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const user of ["postgres", "nobody"]) {
    const read = (flag: string) => Number(spawnSync("id", [flag, user], { encoding: "utf8" }).stdout || "0");
    const [uid, gid] = [read("-u"), read("-g")];
    if (uid > 0) return { uid, gid };
  }
  throw new Error(
    "Postgres refuses to run as root and there is neither a user postgres nor nobody; run the tests as another user",
  );
}
