import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import pg from "pg";
import { postgresStore } from "../../coordinator/plugins/store-postgres/postgres-store.ts";
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "../../proto/gen/grpc/health/v1/health_pb.js";
import { ApiKeyService, StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import { openConnection } from "../../sdk/typescript/connection/open-connection.ts";
import { createClient } from "../../sdk/typescript/index.ts";
import { startCoordinatorProcess } from "../support/crash-system.ts";
import { freshDatabase } from "../support/database.ts";
import { freePort } from "../support/free-port.ts";
import { ROOT, runTss, type Started, startProgram, temporaryFolder } from "../support/run-tss.ts";
import { startStandby } from "../support/standby.ts";
import { until } from "../support/until.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function startPair() {
  const url = await freshDatabase();
  const owner = await startCoordinatorProcess({ TSS_DATABASE_URL: url, TSS_COORDINATOR_LISTEN: "127.0.0.1:0" });
  closers.push(() => owner.stop("SIGTERM"));
  const [address, metrics] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const standby = startStandby(url, { TSS_COORDINATOR_LISTEN: address, TSS_METRICS_LISTEN: metrics });
  closers.push(() => end(standby));
  await standby.says("stands by");
  return { url, owner, key: owner.key ?? "", standby, address, metrics };
}

async function end({ child, finished }: Started) {
  child.kill("SIGTERM");
  return (await finished).code;
}

test("without Redis a second coordinator stands by, says so to whoever asks, and ends when it is told to", async () => {
  const { owner, key, standby, address, metrics } = await startPair();
  const sentence = `This coordinator stands by: ${hostname()} pid ${owner.process.pid} at ${owner.address} owns this database`;
  expect(standby.stdout()).toMatch(/^This coordinator stands by: [^\n]+\n$/);
  expect(standby.stdout()).toContain(sentence);
  const health = await fetch(`http://${metrics}/healthz`);
  expect([health.status, await health.text()]).toEqual([503, standby.stdout()]);
  const connection = openConnection({ address, apiKey: key });
  closers.push(() => connection.close());
  expect((await connection.service(Health).check({})).status).toBe(ServingStatus.NOT_SERVING);
  for (const call of [
    () => connection.service(TaskService).submitTasks({ tasks: [{ name: "x", command: "true" }] }),
    () => connection.service(ApiKeyService).listApiKeys({}),
    async () => {
      for await (const _ of connection.service(TaskService).watchTasks({})) return;
    },
  ])
    await expect(call()).rejects.toMatchObject({
      code: "UNAVAILABLE",
      reason: "STANDBY",
      message: expect.stringContaining(sentence),
    });
  const env = { TSS_COORDINATOR: address, TSS_API_KEY: key };
  const list = await runTss(["task", "list"], { env });
  expect([list.code, list.stderr]).toEqual([7, expect.stringContaining(sentence)]);
  expect(
    await runTss(["task", "list"], { env: { ...env, TSS_COORDINATOR: `${address},${owner.address}` } }),
  ).toMatchObject({ code: 0, stderr: "No tasks match.\n" });
  expect(await end(standby)).toBe(0);
});

test("it takes over from one that is killed or ends: clients and agents of both go on, and nothing is started twice", async () => {
  const { url, owner, key, standby, address, metrics } = await startPair();
  const both = `${owner.address},${address}`;
  const folder = temporaryFolder();
  const [ledger, gate] = [join(folder, "ledger"), join(folder, "gate")];
  const starts = () => (existsSync(ledger) ? readFileSync(ledger, "utf8").trim().split("\n") : []);
  const agent = startProgram(process.execPath, [join(ROOT, "bin/tss-agent.cjs")], {
    env: { TSS_COORDINATOR: both, TSS_API_KEY: key, TSS_WORKER_DIR: join(folder, "agent"), TSS_WORKER_SLOTS: "4" },
  });
  closers.push(() => end(agent));
  const client = createClient({ address: both.split(","), apiKey: key });
  closers.push(() => client.close());
  const command = `echo $TSS_TASK_ID >> ${ledger}; while [ ! -e ${gate} ]; do sleep 0.1; done`;
  const submit = async (count: number) => {
    const tasks = Array.from({ length: count }, () => client.submit({ command, retry: { limit: 3 } }));
    return (await Promise.all(tasks)).map(({ id }) => id);
  };
  const ids = await submit(10);
  await until("four to run", () => starts().length === 4, 60_000);
  const more = submit(10);
  owner.process.kill("SIGKILL");
  ids.push(...(await more), ...(await submit(10)));
  await standby.says("listens on");
  const health = await fetch(`http://${metrics}/healthz`);
  expect(health.status).toBe(200);
  writeFileSync(gate, "");
  const overview = async () => (await client.connection.service(StatsService).getOverview({})).counts;
  await until("all to end", async () => (await overview())?.succeeded === 30n, 60_000);
  expect(starts().sort()).toEqual(ids.sort());

  // The next one stands by behind it, and follows in good order too.
  const third = startStandby(url, { TSS_COORDINATOR_LISTEN: owner.address });
  closers.push(() => end(third));
  await third.says("stands by");
  expect(third.stdout()).toContain(`pid ${standby.child.pid} at ${address}`);
  expect(await end(standby)).toBe(0);
  ids.push(...(await submit(5)));
  await until("all to end", async () => (await overview())?.succeeded === 35n, 60_000);
  expect(starts().sort()).toEqual(ids.sort());
}, 400_000);

test("one that stands by ends when it finds another schema; the schema is not moved while a coordinator is there", async () => {
  const { url, owner, standby } = await startPair();
  await owner.stop("SIGTERM");
  await standby.says("listens on");
  const next = startStandby(url, { TSS_COORDINATOR_LISTEN: "127.0.0.1:0" });
  closers.push(() => end(next));
  await next.says("stands by");
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("UPDATE tss_meta SET schema_version = schema_version - 1");
  await client.end();
  await expect(postgresStore.migrate(url)).rejects.toThrow("Coordinators still work on");
  const { code, stderr } = await next.finished;
  expect([code, stderr]).toEqual([
    expect.any(Number),
    expect.stringMatching(/has version \d+ and this program needs \d+: run `tss db migrate`\./),
  ]);
  expect(code).not.toBe(0);
});
