import { checkServer } from "./check-server.ts";
import { connectRedis, makeRedis, whereOf } from "./connect.ts";

/** A server as a coordinator would find it. */
export interface RedisLook {
  /** host:port, without its password. */
  readonly where: string;
  /** One sentence; undefined: it can be used. */
  readonly problem: string | undefined;
}

/** Looks at a server and leaves it as it is. */
export async function lookAtRedis(url: string): Promise<RedisLook> {
  const where = whereOf(url);
  const redis = makeRedis(url);
  try {
    await connectRedis(redis, url);
    await checkServer(redis, where);
    return { where, problem: undefined };
  } catch (error) {
    return { where, problem: (error as Error).message };
  } finally {
    redis.disconnect();
  }
}
