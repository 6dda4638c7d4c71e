import { afterEach, beforeEach, expect, test } from "@jest/globals";
import pg from "pg";
import { COUNTERS_PER_EPOCH } from "../../coordinator/kernel/task-ref.ts";
import { StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import { openConnection } from "../../sdk/typescript/connection/open-connection.ts";
import type { Connection } from "../../sdk/typescript/connection-types.ts";
import { type EndedEarly, type RunningCoordinator, startCoordinatorProcess } from "../support/crash-system.ts";
import { freshDatabase } from "../support/database.ts";
import { freePort } from "../support/free-port.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { startStandby } from "../support/standby.ts";
import { startProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { contents } from "./database-contents.ts";
import { LedgerWorker } from "./ledger-worker.ts";
import { eventually, submitMessage } from "./submit-messages.ts";

/**
 * An owner that is stopped as a frozen machine is (SIGSTOP), taken over from, and comes back to life in the belief that it
 * owns the database still. The fence must hold: nothing of it is written any more.
 */

const PER_MESSAGE = 20;
const TAKEN_OVER = "Another coordinator has taken over this database: this one writes nothing more and ends.";

let running: RunningCoordinator[] = [];
let proxy: TcpProxy;
let connection: Connection;

beforeEach(() => {
  running = [];
});

afterEach(async () => {
  connection?.close();
  await proxy?.close();
  await Promise.all(running.map((coordinator) => coordinator.stop("SIGKILL")));
});

async function start(databaseUrl: string, options: readonly string[] = []): Promise<RunningCoordinator> {
  const coordinator = await startCoordinatorProcess(
    {
      TSS_DATABASE_URL: databaseUrl,
      TSS_COORDINATOR_LISTEN: `127.0.0.1:${await freePort()}`,
    },
    options,
  );
  running.push(coordinator);
  return coordinator;
}

const portOf = ({ address }: RunningCoordinator) => Number(address.split(":").at(-1));

/** Workers and clients reach whoever owns the database at one address. */
async function openAt(owner: RunningCoordinator): Promise<void> {
  proxy = await startProxy(portOf(owner));
  connection = openConnection({ address: `127.0.0.1:${proxy.port}`, apiKey: owner.key });
}

/** Everything is done and nothing is under way: what the database holds stays. */
async function settled(submitted: number): Promise<void> {
  await eventually(async () => {
    const { counts } = await connection.service(StatsService).getOverview({});
    expect(counts).toMatchObject({ waiting: 0n, running: 0n, succeeded: BigInt(submitted), failed: 0n, cancelled: 0n });
  });
}

/** A process frozen in the midst of a write keeps the file locked for ever: then it is let go and stopped again. */
async function takeOverBetweenWrites(first: RunningCoordinator, databaseUrl: string): Promise<RunningCoordinator> {
  for (let left = 5; ; left--) {
    first.process.kill("SIGSTOP");
    try {
      return await start(databaseUrl, ["--take-over"]);
    } catch (error) {
      if (left === 0 || !(error as EndedEarly).message.includes("locked by another program")) throw error;
      first.process.kill("SIGCONT");
    }
  }
}

function expectOnce(worker: LedgerWorker, ids: readonly string[]): void {
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) {
    // An acknowledgement may have been lost with the first owner; the outcome was recorded all the same.
    expect(worker.accepted.get(id) ?? 0).toBeLessThanOrEqual(1);
    const starts = worker.starts.get(id) ?? [];
    for (const [index, { fencingToken }] of starts.entries())
      expect(fencingToken).toBeGreaterThanOrEqual(starts[index - 1]?.fencingToken ?? 0n);
    expect(new Set(starts.map(({ attempt }) => attempt))).toEqual(new Set([1]));
  }
}

async function epochs(databaseUrl: string): Promise<{ task: number; flush: number; newest: number }[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const found = await client.query(`SELECT
      (SELECT count(*)::int FROM tss_task WHERE seq / ${COUNTERS_PER_EPOCH} = epoch) AS task,
      (SELECT count(*)::int FROM tss_flush f WHERE f.epoch = e.epoch) AS flush,
      (SELECT max(epoch)::int FROM tss_shard) AS newest FROM (VALUES (1), (2)) e(epoch)`);
    return found.rows;
  } finally {
    await client.end();
  }
}

test("Postgres: an owner stopped in mid-load, taken over from and continued writes nothing and ends", async () => {
  const databaseUrl = await freshDatabase();
  const first = await start(databaseUrl);
  await openAt(first);
  const worker = new LedgerWorker(connection, 50);
  try {
    const ids: string[] = [];
    const inMidLoad = Promise.withResolvers<void>();
    const goneOn = Promise.withResolvers<void>();
    let enough = Number.POSITIVE_INFINITY;
    const load = (async () => {
      for (let message = 0; ids.length < enough; message++) {
        ids.push(...(await submitMessage(connection, `message-${message}`, PER_MESSAGE)));
        if (ids.length >= 600) inMidLoad.resolve();
      }
      goneOn.resolve();
    })();
    load.catch(goneOn.reject);
    await inMidLoad.promise;
    first.process.kill("SIGSTOP");
    // A process that is stopped keeps its session: who stands by waits, and says what to do.
    const standby = startStandby(databaseUrl);
    await standby.says("stands by");
    expect(standby.stdout()).toMatch(new RegExp(`pid ${first.process.pid} .*--take-over`));
    standby.child.kill("SIGTERM");
    expect((await standby.finished).code).toBe(0);

    const second = await start(databaseUrl, ["--take-over"]);
    enough = ids.length + 600;
    proxy.lead(portOf(second));
    await goneOn.promise;
    await worker.until(() => ids.every((id) => worker.starts.has(id)));
    await settled(ids.length);
    const before = await contents(databaseUrl);
    const [ofFirst, ofSecond] = await epochs(databaseUrl);
    expect(ofFirst).toMatchObject({ newest: 2 });
    expect(ofFirst!.task + ofSecond!.task).toBe(ids.length);
    expect(Math.min(ofFirst!.task, ofFirst!.flush, ofSecond!.task, ofSecond!.flush)).toBeGreaterThan(0);

    first.process.kill("SIGCONT");
    expect(await first.ended).toBe(70);
    expect(await contents(databaseUrl)).toEqual(before);
    expect(await epochs(databaseUrl)).toEqual([ofFirst, ofSecond]);
    const said = first.output().trim().split("\n").slice(2);
    expect(said.map((line) => JSON.parse(line).error)).toEqual([TAKEN_OVER]);

    // The new owner goes on as if nothing had been.
    const more = await submitMessage(connection, "after", PER_MESSAGE);
    await worker.until(() => more.every((id) => worker.accepted.has(id)));
    expectOnce(worker, [...ids, ...more]);
  } finally {
    await worker.close();
  }
}, 240_000);

test("SQLite: an owner stopped between two writes, taken over from and continued writes nothing and ends", async () => {
  const databaseUrl = await freshSqlite();
  const first = await start(databaseUrl);
  await openAt(first);
  const ids: string[] = [];
  for (let message = 0; message < 10; message++)
    ids.push(...(await submitMessage(connection, `message-${message}`, PER_MESSAGE)));
  const second = await takeOverBetweenWrites(first, databaseUrl);
  proxy.lead(portOf(second));
  const worker = new LedgerWorker(connection, 50);
  try {
    await worker.until(() => ids.every((id) => worker.accepted.has(id)));
    await settled(ids.length);
    const before = await contents(databaseUrl);

    // What a client asks of it meanwhile waits in its socket, and must not be accepted when it wakes.
    const old = openConnection({ address: first.address, apiKey: first.key });
    const late = old.service(TaskService).submitTasks({ tasks: [{ name: "late", command: "true" }] });
    first.process.kill("SIGCONT");
    await expect(late).rejects.toMatchObject({ code: "UNAVAILABLE" });
    old.close();
    expect(await first.ended).toBe(70);
    expect(await contents(databaseUrl)).toEqual(before);
    const said = first.output().trim().split("\n").slice(2);
    expect(said.map((line) => JSON.parse(line).error)).toEqual([TAKEN_OVER]);
    expectOnce(worker, ids);
  } finally {
    await worker.close();
  }
});

test("an option that tss-coordinator does not know is refused in one sentence", async () => {
  const refused = (await start(await freshSqlite(), ["--takeover"]).catch((error: unknown) => error)) as EndedEarly;
  expect(refused.how).toBe(1);
  expect(refused.message).toMatch(/"--takeover" is no option of tss-coordinator: it knows --take-over/);
});
