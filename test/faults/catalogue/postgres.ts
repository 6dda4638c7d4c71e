import pg from "pg";
import type { Fault, Scene } from "../system/fault.ts";
import { endsFromNow } from "../system/supervised.ts";

/** Runs on a connection of its own that goes through no proxy. */
async function withPostgres<T>({ system: { postgres } }: Scene, run: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: postgres.url });
  client.on("error", () => {});
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}

const OTHERS = "FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";

/** Every connection but its own. @returns how many were ended. */
async function endSessions(scene: Scene): Promise<number> {
  return withPostgres(scene, async (client) => {
    const { rowCount } = await client.query(`SELECT pg_terminate_backend(pid) ${OTHERS}`);
    return rowCount ?? 0;
  });
}

const ROUNDS = 3;

export const POSTGRES_FAULTS: readonly Fault[] = [
  {
    name: "postgres-restarted",
    says: "Postgres is ended as by a power cut, and started again",
    promise: "running work is not touched; writes flow within 5 s of its return; nothing is started again",
    boundMs: 5_000,
    patienceMs: 90_000,
    terms: "patient",
    countsFrom: "healed",
    async apply(scene) {
      const { postgres } = scene.system;
      const before = postgres.pid();
      await postgres.kill("SIGQUIT");
      return {
        hold: () => scene.calls(10),
        heal: () => postgres.start(),
        bit: () => (postgres.pid() === before ? [] : ["Postgres is another process"]),
      };
    },
  },
  {
    name: "everything-killed",
    says: "Postgres is ended as by a power cut, then both coordinators by kill -9; all are started again",
    promise: "what was acknowledged is there; running work goes on; nothing is started again",
    boundMs: 15_000,
    patienceMs: 90_000,
    terms: "patient",
    countsFrom: "healed",
    async apply(scene) {
      const { postgres, coordinators } = scene.system;
      const before = coordinators.map(({ process }) => process.starts());
      const ends = coordinators.map(({ process }) => endsFromNow(process));
      const isKilled = (_: unknown, at: number) => ends[at]?.().includes("SIGKILL") ?? false;
      await postgres.kill("SIGQUIT");
      return {
        // What is asked of them meanwhile they cannot have written.
        hold: () => scene.calls(10),
        async heal() {
          for (const { process } of coordinators) process.signal("SIGKILL");
          await scene.until("both to be gone", () => coordinators.every(isKilled));
          await postgres.start();
          await scene.until("both to be started again", () =>
            coordinators.every(({ process }, at) => process.starts() > (before[at] as number)),
          );
        },
        bit: () => coordinators.filter(isKilled).map(({ process }) => `${process.name} was killed`),
      };
    },
  },
  {
    name: "postgres-sessions-killed",
    says: `every connection to Postgres is ended by pg_terminate_backend, ${ROUNDS} times under load`,
    promise: "what was under way is written once, or said to be in doubt; nothing is lost, nothing is started again",
    boundMs: 5_000,
    patienceMs: 90_000,
    terms: "patient",
    async apply(scene) {
      let ended = await endSessions(scene);
      return {
        async hold() {
          for (let round = 1; round < ROUNDS; round++) {
            await scene.calls(10);
            ended += await endSessions(scene);
          }
        },
        bit: () => (ended > 0 ? [`${ended} connections were ended`] : []),
      };
    },
  },
];
