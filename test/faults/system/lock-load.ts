import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { LockService } from "../../../proto/gen/tss/v1/lock_service_pb.js";
import type { History } from "../evidence/history.ts";
import type { Chance } from "./seeded.ts";
import type { Coordinator, System } from "./start-system.ts";

/** Users of a few locks: they take them in turn, renew, overstay, try what is not theirs, and write what the lock guards. */
export interface LockLoad {
  /** Resolves when nobody holds anything and every lock was had once more, or cannot be had. */
  stop(): Promise<void>;
}

const USERS = 3;
const TTL_MS = 1_500;
const WAIT_MS = 1_000;
const PAUSE_MS = 80;
/** So often a lock is asked for in the end, each time waiting in line. */
const LAST_TRIES = 30;

export function startLockLoad(system: System, history: History, chance: Chance, run: string): LockLoad {
  const locks = [`${run}-lock-a`, `${run}-lock-b`];
  /** What the locks guard: it remembers the highest token and lets none below it write. */
  const written = new Map<string, number>();
  let stopped = false;
  let asks = 0;
  const write = (lock: string, token: number) => {
    const accepted = token >= (written.get(lock) ?? 0);
    if (accepted) written.set(lock, token);
    history.effect({ lock, token, accepted });
  };
  const use = async (client: string, own: Chance) => {
    const lock = own.pick(locks);
    const token = await acquire(history, client, system.coordinators, own, lock, `${run}-${client}-${asks++}`);
    if (token === undefined) return;
    write(lock, token);
    const what = own.next();
    const [via, other] = [own.pick(system.coordinators), own.pick(system.coordinators)];
    if (what < 0.3) await renew(history, client, via, lock, token, false);
    if (what < 0.1) await release(history, "thief", other, lock, token + 1, true);
    if (what > 0.9) {
      // It dreams on beyond its term, and writes then.
      await pause(TTL_MS * 1.5);
      write(lock, token);
      return;
    }
    await pause(own.below(PAUSE_MS));
    write(lock, token);
    await release(history, client, via, lock, token, false);
  };
  const users = Array.from({ length: USERS }, async (_, at) => {
    const client = `user${at + 1}`;
    const own = chance.fork(client);
    while (!stopped) {
      await use(client, own);
      await pause(PAUSE_MS);
    }
  });
  return {
    async stop() {
      stopped = true;
      await Promise.all(users);
      for (const lock of locks)
        for (let left = LAST_TRIES; left > 0; left--) {
          const token = await acquire(history, "last", system.coordinators, chance, lock, `${run}-last-${asks++}`);
          if (token === undefined) continue;
          await release(history, "last", chance.pick(system.coordinators), lock, token, false);
          break;
        }
    },
  };
}

/** Asks with one request id, at one coordinator and once more at another when that is in doubt. */
async function acquire(
  history: History,
  client: string,
  coordinators: readonly Coordinator[],
  chance: Chance,
  lock: string,
  requestId: string,
): Promise<number | undefined> {
  for (const via of [chance.pick(coordinators), ...coordinators]) {
    const ask = { name: lock, ttl: durationFromMs(TTL_MS), wait: durationFromMs(WAIT_MS), holder: client, requestId };
    const make = () => via.connection.service(LockService).acquireLock(ask, { timeoutMs: WAIT_MS + 2_000 });
    const question = { op: "acquire", client, via: via.process.name, lock, ttlMs: TTL_MS } as const;
    try {
      const { acquired, token } = await history.call(question, make, (answer) => ({
        acquired: answer.acquired,
        token: Number(answer.token),
      }));
      return acquired ? Number(token) : undefined;
    } catch (error) {
      if ((error as { code?: string }).code === "FAILED_PRECONDITION") return undefined;
      await pause(PAUSE_MS);
    }
  }
  return undefined;
}

async function renew(
  history: History,
  client: string,
  { process: { name: via }, connection }: Coordinator,
  lock: string,
  token: number,
  forged: boolean,
): Promise<void> {
  const make = () =>
    connection.service(LockService).renewLock({ name: lock, token: BigInt(token) }, { timeoutMs: 2_000 });
  const question = { op: "renew", client, via, lock, token, ttlMs: TTL_MS, ...(forged ? { forged } : {}) } as const;
  await history.call(question, make, ({ expiresIn }) => ({ ms: durationMs(expiresIn!) })).catch(() => {});
}

async function release(
  history: History,
  client: string,
  { process: { name: via }, connection }: Coordinator,
  lock: string,
  token: number,
  forged: boolean,
): Promise<void> {
  const make = () =>
    connection.service(LockService).releaseLock({ name: lock, token: BigInt(token) }, { timeoutMs: 2_000 });
  const question = { op: "release", client, via, lock, token, ...(forged ? { forged } : {}) } as const;
  await history.call(question, make, ({ changed }) => ({ changed })).catch(() => {});
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
