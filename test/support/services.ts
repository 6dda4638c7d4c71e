import { findFolder, hasImageMagick, install, type Missing } from "./binaries.ts";
import { findChromium } from "./chromium.ts";
import { startPostgres, type TestServer } from "./postgres-server.ts";
import { startRedis } from "./redis-server.ts";

export interface TestServices {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Names what was found and what was started. */
  readonly summary: string;
  /** Ends what was started here. */
  stop(): Promise<void>;
}

const POSTGRES = ["postgres", "initdb"];
const REDIS = ["redis-server"];

/**
 * Postgres and Redis for a run of the tests: those that TSS_TEST_DATABASE_URL and TSS_TEST_REDIS_URL name, else private
 * ones from the binaries on this machine, which are installed with apt-get where that is possible.
 * @throws Error one sentence that says what is missing and what to do.
 */
export async function testServices(): Promise<TestServices> {
  const given = { database: process.env["TSS_TEST_DATABASE_URL"], redis: process.env["TSS_TEST_REDIS_URL"] };
  const missing: Missing[] = [];
  if (!given.database && !findFolder(POSTGRES)) missing.push("postgres");
  if (!given.redis && !findFolder(REDIS)) missing.push("redis");
  if (!hasImageMagick()) missing.push("convert");
  if (findChromium() === undefined) missing.push("chromium");
  install(missing);
  const started: TestServer[] = [];
  const stop = async () => {
    await Promise.all(started.splice(0).map((server) => server.process.stop()));
  };
  const begin = async (what: string, names: readonly string[], variable: string, start: typeof startRedis) => {
    const folder = findFolder(names);
    if (folder === undefined)
      throw new Error(`The tests need ${what}: install it, or set ${variable} to a server that may be written to.`);
    const server = await start(folder);
    started.push(server);
    return server.url;
  };
  try {
    const databaseUrl = given.database || (await begin("Postgres", POSTGRES, "TSS_TEST_DATABASE_URL", startPostgres));
    const redisUrl = given.redis || (await begin("Redis", REDIS, "TSS_TEST_REDIS_URL", startRedis));
    const origin = (url: string | undefined) => (url ? "given" : "private");
    const summary = `Postgres: ${origin(given.database)}, Redis: ${origin(given.redis)}`;
    return { databaseUrl, redisUrl, summary, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
