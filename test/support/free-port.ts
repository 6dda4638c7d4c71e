import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** Below the ports that systems give to who asks for any (Linux from 32 768, others from 49 152). */
const [FIRST, PAST] = [12_000, 32_000];

let next = randomInt(FIRST, PAST);

/**
 * A loopback port that is free now, for servers that cannot choose one themselves, and for addresses that nobody is to
 * answer at. What other tests of this machine get by asking for any port is never this one.
 */
export async function freePort(): Promise<number> {
  while (true) {
    const port = next;
    next = port + 1 < PAST ? port + 1 : FIRST;
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
    throw error;
  }
  server.close();
  await once(server, "close");
  return true;
}
