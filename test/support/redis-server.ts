import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import { type GuardedCommand, startGuarded } from "./guarded-child.ts";
import type { RestartableServer } from "./postgres-server.ts";

/** Starts a private Redis without persistence on a free loopback port. */
export async function startRedis(binaries: string): Promise<RestartableServer> {
  const folder = mkdtempSync(join(tmpdir(), "tss-redis-"));
  const port = await freePort();
  const command: GuardedCommand = {
    file: join(binaries, "redis-server"),
    args: ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder],
    folder,
    signal: "TERM",
    ready: "eady to accept connections",
  };
  return { url: `redis://127.0.0.1:${port}`, process: await startGuarded(command), command };
}
