import { Redis } from "ioredis";
import { TssError } from "../../../proto/errors.ts";

/** A command that takes longer has failed: leases are short, and a server that hangs must not hold up a decision. */
const COMMAND_TIMEOUT_MS = 500;
const CONNECT_TIMEOUT_MS = 2_000;
const RECONNECT_MOST_MS = 1_000;

/** Opens a connection that comes back by itself; commands fail at once while it is away. */
export function makeRedis(url: string): Redis {
  const redis = new Redis(url, {
    lazyConnect: true,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (times) => Math.min(50 * 2 ** times, RECONNECT_MOST_MS) * (0.5 + Math.random() / 2),
  });
  // Told by the commands that fail; without a listener it would end the process.
  redis.on("error", () => {});
  return redis;
}

/** Times that a command is tried at the start, where a server that is merely slow is worth waiting for. */
const TRIES_AT_START = 10;

/** @throws Error the last one. */
export async function patiently<T>(command: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await command();
    } catch (error) {
      if (tries === TRIES_AT_START || !/timed out/i.test((error as Error).message)) throw error;
    }
  }
}

/** host:port of an address, without its password. */
export function whereOf(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port || 6379}`;
}

/** @throws TssError one sentence: which server cannot be used, and why. */
export async function connectRedis(redis: Redis, url: string): Promise<void> {
  // What the server said is told as an event; the call itself only learns that the connection is closed.
  let told: Error | undefined;
  redis.on("error", (error: Error) => {
    told ??= error;
  });
  try {
    await redis.connect();
    // A server that wants a password says so to the first command.
    await patiently(() => redis.ping());
  } catch (error) {
    redis.disconnect();
    throw explain(told ?? (error as Error), whereOf(url));
  }
}

function explain(error: Error, where: string): TssError {
  const { message } = error;
  const why = /NOAUTH|WRONGPASS|invalid password|invalid username/i.test(message)
    ? "does not accept the password: write it into the address as redis://:PASSWORD@HOST:PORT"
    : /ECONNREFUSED|Connection is closed|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|timed out/i.test(message)
      ? "does not answer: check host and port, and that it runs"
      : `cannot be used: ${message}`;
  return new TssError("UNAVAILABLE", `Redis at ${where} ${why} (TSS_REDIS_URL).`, {
    reason: "REDIS_UNAVAILABLE",
    cause: error,
  });
}
