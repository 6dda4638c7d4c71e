import type { Redis } from "ioredis";
import type { Logger } from "../../../runtime/logger.ts";
import type { Leases } from "../../ports/leases.ts";
import { checkServer } from "./check-server.ts";
import { connectRedis, makeRedis, whereOf } from "./connect.ts";
import { HeldLeases } from "./held-leases.ts";
import { Wakes } from "./wakes.ts";

export interface RedisLeasesOptions {
  /** One address, or several of independent servers: most of them then decide (redlock). */
  readonly urls: readonly string[];
  /** Apart for each installation, so that two that share a server by mistake do not meet. */
  readonly prefix: string;
  readonly ttlMs: number;
  readonly logger: Logger;
}

/**
 * Leases on Redis by redlock: a lease holds when most of the servers have it.
 * @throws TssError one sentence about a server that cannot be used. Later outages are lived through.
 */
export async function openRedisLeases({ urls, prefix, ttlMs, logger }: RedisLeasesOptions): Promise<Leases> {
  const clients = urls.map(makeRedis);
  const wakes = new Wakes(clients, urls.map(makeRedis), `${prefix}wake:`);
  const close = async () => {
    wakes.close();
    for (const client of clients) client.disconnect();
  };
  try {
    await Promise.all(clients.map((client, at) => connectRedis(client, urls[at] as string)));
    await Promise.all(clients.map((client, at) => checkServer(client, whereOf(urls[at] as string))));
  } catch (error) {
    await close();
    throw error;
  }
  const own = new HeldLeases(clients, ttlMs, logger);
  return {
    ttlMs,
    hold: (name) => own.hold(prefix + name),
    letGo: (name) => own.letGo(prefix + name),
    held: (names) => lookUp(clients, prefix, names),
    wake: (topic) => wakes.wake(topic),
    onWake: (topic, listener) => wakes.on(topic, listener),
    async close() {
      await own.close();
      await close();
    },
  };
}

/** Names that most servers know; null when fewer than most of them answer. */
async function lookUp(
  clients: readonly Redis[],
  prefix: string,
  names: readonly string[],
): Promise<ReadonlySet<string> | null> {
  if (names.length === 0) return new Set();
  const keys = names.map((name) => prefix + name);
  const answers = await Promise.all(clients.map((client) => client.mget(keys).catch(() => null)));
  const most = Math.floor(clients.length / 2) + 1;
  if (answers.filter((answer) => answer !== null).length < most) return null;
  const count = (at: number) => answers.filter((answer) => answer?.[at] != null).length;
  return new Set(names.filter((_, at) => count(at) >= most));
}
