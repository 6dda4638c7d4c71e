import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import { openConnection } from "../../sdk/typescript/connection/open-connection.ts";
import { type EndedEarly, type RunningCoordinator, startCoordinatorProcess } from "../support/crash-system.ts";
import { freePort } from "../support/free-port.ts";
import { LedgerWorker } from "./ledger-worker.ts";
import { eventually, submitMessage } from "./submit-messages.ts";

/** Every place of the cycle at which the process may die. */
export const KILL_POINTS = [
  "cycle.made",
  "flush.begin",
  "flush.before-commit",
  "flush.after-commit",
  "cycle.committed",
  "cycle.settled",
  "checkpoint.taken",
  "checkpoint.written",
  "segment.opened",
  "segment.reclaimed",
];

const TASKS = 1_200;
const PER_MESSAGE = 20;
/** A story that takes so long for a kill says where it stands, before jest ends it without a word. */
const STUCK_MS = 45_000;
/** Between messages while nothing but a clock brings the next point, so that the machine has time for others. */
const PACE_MS = 50;

/** A small generator with a seed: the same seed kills at the same hit. */
function random(seed: number): () => number {
  let state = seed * 2_654_435_761;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return state / 2 ** 32;
  };
}

/** The process dies when it has come to the point so many times. */
interface Kill {
  readonly point: string;
  readonly hit: number;
}

function killAt(point: string, chance: number): Kill {
  return { point, hit: 1 + Math.floor(chance * (isRare(point) ? 2 : 30)) };
}

function isRare(point: string): boolean {
  return /^(checkpoint|segment)/.test(point);
}

/** Kill at a point, start again, and look: what was acknowledged is there once. Every point and seed on a new database. */
export function killAtEachPoint(name: string, freshDatabase: () => Promise<string>, seeds: readonly number[]): void {
  describe(`kill -9 on ${name}`, () => {
    test.each(KILL_POINTS.flatMap((point) => seeds.map((seed) => [point, seed] as const)))(
      "at %s, seed %i: everything acknowledged is there once",
      async (point, seed) => story(await freshDatabase(), [killAt(point, random(seed)())]),
    );
  });
}

/** The same on one database, where one life after the other ends at the next point: what costs time are the starts. */
export function killAtAllPoints(name: string, freshDatabase: () => Promise<string>, seed: number): void {
  const chance = random(seed);
  const kills = KILL_POINTS.map((point) => killAt(point, chance()));
  test(
    `kill -9 on ${name} at each point in turn, seed ${seed}: everything acknowledged is there once`,
    async () => story(await freshDatabase(), kills),
    kills.length * STUCK_MS + 15_000,
  );
}

async function story(databaseUrl: string, kills: readonly Kill[]): Promise<void> {
  const settings = {
    TSS_DATABASE_URL: databaseUrl,
    TSS_COORDINATOR_LISTEN: `127.0.0.1:${await freePort()}`,
    TSS_SEGMENT_ROWS: "300",
    TSS_RETENTION: "1s",
  };
  // The first start makes the key and lives; the armed one comes after it.
  let coordinator: RunningCoordinator = await startCoordinatorProcess(settings);
  const { key: apiKey, address } = coordinator;
  await coordinator.stop("SIGTERM");
  let deaths = 0;
  const startArmed = () => {
    const next = kills[deaths];
    return startCoordinatorProcess(
      next === undefined ? settings : { ...settings, TSS_FAILPOINT: `${next.point}=${next.hit}` },
    );
  };
  const armed = startArmed();
  const connection = openConnection({ address, apiKey });
  const worker = new LedgerWorker(connection, 50);
  let over = false;
  const supervising = (async () => {
    let started = armed;
    while (!over) {
      const how = await started.then(
        (running) => {
          coordinator = running;
          if (over) running.process.kill("SIGKILL");
          return running.ended;
        },
        (error: EndedEarly) => error.how,
      );
      if (over) return;
      expect(how).toBe("SIGKILL");
      deaths++;
      started = startArmed();
    }
  })();
  const ids: string[] = [];
  const facts = async () => {
    const { counts } = await connection.service(StatsService).getOverview({}, { timeoutMs: 2_000 });
    const unstarted = ids.filter((id) => !worker.starts.has(id));
    const open = ids.filter((id) => !worker.accepted.has(id));
    return `deaths ${deaths}, next ${kills[deaths]?.point}, submitted ${ids.length}, not started ${unstarted.slice(0, 5)}… (${unstarted.length}), not accepted ${open.slice(0, 5)}… (${open.length}), counts ${JSON.stringify(counts, (_, value) => (typeof value === "bigint" ? Number(value) : value))}`;
  };
  // A supervisor that fails leaves nobody to answer: the story ends with its error.
  const told = async () => {
    // The last ends may come while a rare point is still ahead: the work goes on until it was passed.
    for (let at = 0; ids.length < TASKS || deaths < kills.length; at++) {
      ids.push(...(await submitMessage(connection, `message-${at}`, PER_MESSAGE)));
      const { point } = kills[deaths] ?? {};
      if (ids.length >= TASKS && point !== undefined && isRare(point)) await pause(PACE_MS);
    }
    expect(new Set(ids).size).toBe(ids.length);
    await worker.until(() => ids.every((id) => worker.starts.has(id)));
    const tasks = connection.service(TaskService);
    // Ended tasks may be past their retention here; what is found has succeeded.
    const last = ids.slice(-200);
    for (const id of last) {
      const { task } = await eventually(() => tasks.waitTask({ id })).catch(() => ({ task: undefined }));
      if (task !== undefined) expect(task).toMatchObject({ id, status: TaskStatus.SUCCEEDED, attempt: 1 });
    }
    for (const id of ids) {
      expect(worker.accepted.get(id) ?? 0).toBeLessThanOrEqual(1);
      expect(new Set(worker.starts.get(id)?.map(({ attempt }) => attempt))).toEqual(new Set([1]));
    }
    await eventually(async () => {
      const { counts } = await connection.service(StatsService).getOverview({});
      if (counts?.waiting !== 0n || counts.running !== 0n)
        throw new Error(`not done: ${counts?.waiting} ${counts?.running}`);
      expect(counts).toMatchObject({ failed: 0n, cancelled: 0n });
    });
    expect(deaths).toBe(kills.length);
  };
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise((resolve) => {
    timer = setTimeout(resolve, kills.length * STUCK_MS);
  });
  try {
    await Promise.race([
      told(),
      supervising.then(() => Promise.reject(new Error("nobody supervises"))),
      overdue.then(async () => Promise.reject(new Error(`stuck: ${await facts().catch(String)}`))),
    ]);
  } finally {
    clearTimeout(timer);
    over = true;
    await worker.close();
    connection.close();
    await coordinator.stop("SIGKILL");
    await supervising.catch(() => {});
  }
}
