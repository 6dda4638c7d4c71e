import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { findFolder } from "../support/binaries.ts";
import { type GuardedChild, startGuarded } from "../support/guarded-child.ts";
import { isRunning } from "../support/is-running.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { ROOT, runTss, type Started, startProgram, temporaryFolder } from "../support/run-tss.ts";
import { until } from "../support/until.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Postgres of this test alone, that can be killed as by a power cut and started again. */
async function startDatabase() {
  const { url, command, process: first } = await startPostgres(findFolder(["postgres", "initdb"]) ?? "");
  const started: GuardedChild[] = [first];
  closers.push(async () => {
    for (const child of started.toReversed()) await child.stop();
  });
  return {
    url,
    async kill() {
      const { pid } = started.at(-1) as GuardedChild;
      process.kill(pid, "SIGQUIT");
      await until("Postgres is gone", () => !isRunning(pid));
    },
    async start() {
      started.push(await startGuarded(command));
    },
  };
}

async function startService(name: string, env: Record<string, string>): Promise<Started> {
  const program = startProgram(process.execPath, [join(ROOT, "bin", `${name}.cjs`)], { env, cwd: temporaryFolder() });
  closers.push(async () => {
    program.child.kill("SIGTERM");
    await program.finished;
  });
  if (name !== "tss-agent") await program.says("listens on");
  return program;
}

async function startSystem(databaseUrl: string) {
  expect(await runTss(["db", "init"], { env: { TSS_DATABASE_URL: databaseUrl } })).toMatchObject({ code: 0 });
  const coordinator = await startService("tss-coordinator", {
    TSS_DATABASE_URL: databaseUrl,
    TSS_COORDINATOR_LISTEN: "127.0.0.1:0",
    TSS_DRAIN_TIMEOUT: "1s",
  });
  const env = {
    TSS_COORDINATOR: /listens on (\S+)/.exec(coordinator.stdout())?.[1] ?? "",
    TSS_API_KEY: /tss_\w{20,}/.exec(coordinator.stdout())?.[0] ?? "",
  };
  await startService("tss-agent", {
    ...env,
    TSS_WORKER_DIR: temporaryFolder(),
    TSS_WORKER_SLOTS: "2",
    TSS_DRAIN_TIMEOUT: "1s",
  });
  const gateway = await startService("tss-gateway", { ...env, TSS_GATEWAY_LISTEN: "127.0.0.1:0" });
  const url = /listens on (\S+)/.exec(gateway.stdout())?.[1];
  const rest = async (path: string, body?: object) => {
    const answer = await fetch(`${url}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${env.TSS_API_KEY}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: what a stranger's JSON holds is what the test is about
    return { status: answer.status, body: (await answer.json()) as any };
  };
  return { env, rest, coordinator };
}

/** Asks again until the database is back. */
async function untilAccepted<T extends { readonly status: number }>(ask: () => Promise<T>): Promise<T> {
  let answer = await ask();
  await until("it is accepted", async () => {
    if (answer.status >= 300) answer = await ask();
    return answer.status < 300;
  });
  return answer;
}

test("a database that is killed in mid-flight costs no task, no run and no word", async () => {
  const database = await startDatabase();
  const { env, rest, coordinator } = await startSystem(database.url);
  const before = (await rest("/task/submit", { name: "before", command: "true" })).body.id;
  await rest(`/task/wait/${before}`);
  const folder = temporaryFolder();
  const [marks, go] = [join(folder, "marks"), join(folder, "go")];
  const command = `echo run >> ${marks}; while [ ! -e ${go} ]; do sleep 0.05; done`;
  const tasks = Array.from({ length: 20 }, (_, index) => ({ name: `t${index}`, command, retry: { limit: 3 } }));
  const accepted = (await rest("/task/submit", { tasks })).body.results.map(({ id }: { id: string }) => id);
  const runs = () => (existsSync(marks) ? readFileSync(marks, "utf8").trim().split("\n").length : 0);
  await until("two of them run", () => runs() === 2);

  await database.kill();
  const asked = { name: "meanwhile", command: "true", idempotencyKey: "meanwhile" };
  const waits = rest("/task/submit", asked);
  const noticed = until("it is noticed", () => coordinator.stderr().includes("the database cannot be written"));
  await noticed.catch(async (error: Error) => {
    const answer = await Promise.race([waits, "none"]);
    throw new Error(`${error.message}; it says ${coordinator.stderr()}; the answer is ${JSON.stringify(answer)}`);
  });
  const fresh = await rest("/task/submit", { name: "in a queue never seen", command: "true", queue: "new" });
  expect(fresh).toMatchObject({
    status: 503,
    body: { code: "UNAVAILABLE", detail: expect.stringMatching(/database/) },
  });
  const read = await rest(`/task/query/${accepted[10]}`);
  expect(read).toMatchObject({ status: 503, body: { code: "UNAVAILABLE", detail: expect.stringMatching(/database/) } });
  const cancel = await rest(`/task/cancel/${before}`, {});
  expect(cancel).toMatchObject({
    status: 503,
    body: { code: "UNAVAILABLE", detail: expect.stringMatching(/database/) },
  });
  const key = await runTss(["key", "create", "x", "--role", "viewer"], { env });
  expect(key.stderr).toMatch(/^Error: The database cannot be reached[^\n]*\n$/);
  expect(key.code).toBe(7);
  const doctor = await runTss(["doctor"], { env: { ...env, TSS_DATABASE_URL: database.url } });
  expect(doctor.code).toBe(1);
  expect(doctor.stdout).toMatch(/^✗ database +Nothing listens on 127\.0\.0\.1:\d+: start Postgres[^\n]+\n +→ Start/m);
  expect(doctor.stdout).toMatch(/^✗ store +The coordinator cannot write its database: [^\n]+\n +→ Bring the database/m);
  // Who waits is not left waiting, and can ask again without making the task twice.
  expect(await waits).toMatchObject({
    status: 503,
    body: { code: "UNAVAILABLE", reason: "STORE_IN_DOUBT", detail: expect.stringMatching(/same Idempotency-Key/) },
  });
  // Running work ends while its end cannot be written.
  writeFileSync(go, "");

  await database.start();
  const meanwhile = await untilAccepted(() => rest("/task/submit", asked));
  for (const id of [...accepted, meanwhile.body.id])
    expect((await rest(`/task/wait/${id}?timeout=30`)).body).toMatchObject({ status: "succeeded", attempt: 1 });
  expect(runs()).toBe(20);
  const { counts } = (await rest("/stats/overview")).body;
  expect(counts).toMatchObject({ succeeded: 22, failed: 0, running: 0, waiting: 0 });
  expect(coordinator.stderr()).not.toMatch(/^ +at /m);
});
