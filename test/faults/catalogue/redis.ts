import { once } from "node:events";
import { connect } from "node:net";
import type { Fault, Scene } from "../system/fault.ts";

/** One command to Redis over a connection of its own. @returns the first line of its answer; undefined: none within 300 ms. */
async function ask({ system: { redis } }: Scene, command: string): Promise<string | undefined> {
  const socket = connect(redis.port, "127.0.0.1");
  const timer = setTimeout(() => socket.destroy(), 300);
  socket.on("error", () => {});
  socket.write(`${command}\r\n`);
  try {
    const [answer] = (await Promise.race([once(socket, "data"), once(socket, "close").then(() => [])])) as [Buffer?];
    return answer?.toString().split("\r\n")[0];
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

const keysOf = async (scene: Scene) => Number((await ask(scene, "DBSIZE"))?.slice(1) ?? Number.NaN);

/** Work goes on for so many calls. */
const CALLS = 30;
const PROMISE = "work goes on from Postgres alone; nothing is lost, nothing is started again, tokens of locks rise";

export const REDIS_FAULTS: readonly Fault[] = [
  {
    name: "redis-stopped",
    says: "SIGSTOP of Redis for a while, then SIGCONT",
    promise: PROMISE,
    boundMs: 1_000,
    patienceMs: 90_000,
    terms: "patient",
    async apply(scene) {
      process.kill(scene.system.redis.pid(), "SIGSTOP");
      const silent = (await ask(scene, "PING")) === undefined;
      return {
        hold: () => scene.calls(CALLS),
        heal: async () => void process.kill(scene.system.redis.pid(), "SIGCONT"),
        bit: () => (silent ? ["Redis did not answer"] : []),
      };
    },
  },
  {
    name: "redis-emptied",
    says: "FLUSHALL",
    promise: PROMISE,
    boundMs: 1_000,
    patienceMs: 90_000,
    terms: "patient",
    async apply(scene) {
      const before = await keysOf(scene);
      const answer = await ask(scene, "FLUSHALL");
      return { bit: () => (before > 0 && answer === "+OK" ? [`${before} keys vanished`] : []) };
    },
  },
  {
    name: "redis-restarted",
    says: "kill -9 of Redis, away for a while, and back with nothing in it",
    promise: PROMISE,
    boundMs: 1_000,
    patienceMs: 90_000,
    terms: "patient",
    async apply(scene) {
      const { redis } = scene.system;
      const before = redis.pid();
      await redis.kill("SIGKILL");
      return {
        hold: () => scene.calls(CALLS),
        heal: () => redis.start(),
        bit: () => (redis.pid() === before ? [] : ["Redis is another process"]),
      };
    },
  },
];
