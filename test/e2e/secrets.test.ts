import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { type RunningCoordinator, startCoordinatorProcess } from "../support/crash-system.ts";
import { freshSystem } from "../support/database.ts";
import { startDev } from "../support/dev-system.ts";
import { freePort } from "../support/free-port.ts";
import { startGatewayProcess } from "../support/gateway-process.ts";
import { ROOT, runTss, startProgram, temporaryFolder } from "../support/run-tss.ts";
import { inDatabase, inFiles, inRedis, processesWith } from "../support/seen-in.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { until } from "../support/until.ts";

/** A value on its way through all programs: it is in the environment of its command and is found nowhere else. */

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const newKey = () => randomBytes(32).toString("base64");

interface System {
  readonly env: Readonly<Record<string, string>>;
  readonly gateway: string;
  /** All that the programs have written. */
  output(): string;
  metrics(): Promise<string>;
  readonly agentFolder: string;
}

async function startSystem(url: string, count: number, more: Readonly<Record<string, string>>): Promise<System> {
  const coordinators: RunningCoordinator[] = [];
  const metricsAt: string[] = [];
  for (let at = 0; at < count; at++) {
    metricsAt.push(`127.0.0.1:${await freePort()}`);
    const coordinator = await startCoordinatorProcess({
      ...{ TSS_DATABASE_URL: url, TSS_COORDINATOR_LISTEN: "127.0.0.1:0", TSS_LOG_LEVEL: "debug" },
      ...{ TSS_METRICS_LISTEN: metricsAt.at(-1)!, ...more },
    });
    closers.push(() => coordinator.stop("SIGTERM"));
    coordinators.push(coordinator);
  }
  const key = coordinators[0]?.key ?? "";
  const env = { TSS_COORDINATOR: coordinators.map(({ address }) => address).join(","), TSS_API_KEY: key };
  const gateway = await startGatewayProcess({ TSS_COORDINATOR: env.TSS_COORDINATOR, TSS_LOG_LEVEL: "debug" });
  closers.push(() => gateway.stop());
  const agentFolder = temporaryFolder();
  const agent = startProgram(process.execPath, [join(ROOT, "bin/tss-agent.cjs")], {
    env: { ...env, TSS_WORKER_DIR: agentFolder, TSS_WORKER_SLOTS: "8", TSS_LOG_LEVEL: "debug" },
  });
  closers.push(async () => {
    agent.child.kill("SIGQUIT");
    await agent.finished;
  });
  return {
    ...{ env, gateway: gateway.url, agentFolder },
    output: () =>
      [...coordinators.map((one) => one.output()), gateway.stderr(), agent.stdout(), agent.stderr()].join("\n"),
    metrics: async () =>
      (await Promise.all(metricsAt.map(async (at) => (await fetch(`http://${at}/metrics`)).text()))).join("\n"),
  };
}

/** Says its value in every way a command can, and waits in the middle for a file. */
const COMMAND = [
  'test -n "$CANARY" || exit 9',
  'echo "it is $CANARY"; printf %s "$CANARY" | base64; echo "to stderr $CANARY" >&2',
  'echo "{\\"progress\\":10,\\"message\\":\\"with $CANARY\\"}" >&3; echo "a line with $CANARY" >&3',
  "echo $$ >> LEDGER; while [ ! -e GATE ]; do sleep 0.1; done",
  // What it writes itself lies there for a moment.
  'printf %s "$CANARY" > "$TSS_OUTPUT"',
  'echo "last of $CANARY" >&2; exit $CODE',
].join("\n");

describe.each([
  ["SQLite", 1],
  ["Postgres and Redis, with two coordinators", 2],
] as const)("on %s", (_, count) => {
  test("a value is nowhere but in the environment of its command", async () => {
    const redis = process.env["TSS_TEST_REDIS_URL"] ?? "";
    const url = count === 1 ? await freshSqlite() : await freshSystem();
    const more = { TSS_MASTER_KEY: newKey(), ...(count === 1 ? {} : { TSS_REDIS_URL: redis }) };
    const system = await startSystem(url, count, more);
    const { env } = system;
    const canary = `canary-${randomBytes(16).toString("hex")}`;
    const folder = temporaryFolder();
    const [ledger, gate] = [join(folder, "ledger"), join(folder, "gate")];
    const command = COMMAND.replaceAll("LEDGER", ledger).replaceAll("GATE", gate);

    const set = await runTss(["secret", "set", "canary"], { env, stdin: `${canary}\n` });
    expect(set).toMatchObject({ code: 0, stdout: "canary is kept, version 1.\n" });
    const answers = [JSON.stringify(set)];
    const rest = async (path: string, body?: unknown) => {
      const response = await fetch(`${system.gateway}${path}`, {
        headers: { authorization: `Bearer ${env["TSS_API_KEY"]}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      });
      const text = await response.text();
      answers.push(text);
      return { status: response.status, json: JSON.parse(text) };
    };
    // Each coordinator takes some: of several, each owns some of what the others are asked for.
    const ids: string[] = [];
    for (const at of env["TSS_COORDINATOR"]!.split(","))
      for (const code of ["0", "3"]) {
        const line = ["task", "create", "-c", command, "--secret", "CANARY=canary", "-e", `CODE=${code}`, "--json"];
        const made = await runTss(line, { env: { ...env, TSS_COORDINATOR: at } });
        ids.push(JSON.parse(made.stdout).id);
      }
    const restMade = await rest("/task/submit", {
      name: "r",
      command,
      secrets: { CANARY: "canary" },
      env: { CODE: "0" },
    });
    expect(restMade.status).toBe(201);
    ids.push(restMade.json.id);

    const started = () => (existsSync(ledger) ? readFileSync(ledger, "utf8").trim().split("\n").map(Number) : []);
    await until("all to run", () => started().length === ids.length);
    expect([...processesWith("cmdline", canary).keys()]).toEqual([]);
    // Of each task: its launcher, and what runs under it.
    const holders = processesWith("environ", canary);
    expect([...holders.keys()]).toEqual(expect.arrayContaining(started()));
    for (const environment of holders.values()) expect(environment).toContain("TSS_TASK_ID=");
    const seen: [where: string, text: string][] = [];
    const look = async () => {
      seen.push(["files of the agent", inFiles(system.agentFolder)], ["metrics", await system.metrics()]);
      seen.push(["database", await inDatabase(url)]);
      if (count === 1) seen.push(["files of the database", inFiles(dirname(url.slice("sqlite:".length)))]);
      else seen.push(["Redis", await inRedis(redis)]);
    };
    await look();
    writeFileSync(gate, "");

    for (const id of ids) {
      await rest(`/task/query/${id}`);
      await until("its end", async () =>
        /"status":"(succeeded|failed)"/.test(JSON.stringify((await rest(`/task/query/${id}`)).json)),
      );
      const { json } = await rest(`/task/query/${id}`);
      expect(json.exitCode).toBe(Number(json.spec.env.CODE));
      expect(json.messages.map(({ text }: { text: string }) => text)).toEqual(["a line with ***"]);
      await rest(`/task/explain/${id}`);
      const logs = await runTss(["task", "logs", id], { env });
      expect(logs.stdout).toContain("it is ***\n***\n");
      answers.push(logs.stdout, logs.stderr);
    }
    await rest("/task/list");
    await rest("/activity/list");
    const listed = await rest("/secret/list");
    expect(listed.json.secrets).toMatchObject([{ name: "canary", version: 1 }]);
    const forWorkers = await fetch(`${system.gateway}/tss.v1.WorkerService/GetSecrets`, { method: "POST", body: "{}" });
    expect(forWorkers.status).toBe(404);
    await until(
      "the files of the attempts to go",
      () => readdirSync(join(system.agentFolder, "attempts")).length === 0,
    );
    await look();
    seen.push(
      ["logs of the programs", system.output()],
      ...answers.map((text): [string, string] => ["an answer", text]),
    );
    const bytes = Buffer.from(canary);
    const forms = [canary, bytes.toString("base64").slice(0, 30), bytes.toString("hex")];
    expect(seen.flatMap(([where, text]) => (forms.some((form) => text.includes(form)) ? [where] : []))).toEqual([]);
    expect(seen.some(([, text]) => text.includes("***"))).toBe(true);
  }, 180_000);
});

test("with another master key every task that needs a secret fails by its name, and with the key of before all is well", async () => {
  const url = await freshSqlite();
  const [first, second] = [newKey(), newKey()];
  const settings = (key: string) => ({
    ...{ TSS_DATABASE_URL: url, TSS_COORDINATOR_LISTEN: "127.0.0.1:0", TSS_MASTER_KEY: key },
  });
  const begin = await startCoordinatorProcess(settings(first));
  const key = begin.key ?? "";
  const tss = async (coordinator: RunningCoordinator, args: readonly string[], stdin?: string) =>
    runTss(args, {
      env: { TSS_COORDINATOR: coordinator.address, TSS_API_KEY: key },
      ...(stdin === undefined ? {} : { stdin }),
    });
  expect((await tss(begin, ["secret", "set", "DB"], "hunter2-hunter2\n")).code).toBe(0);
  await begin.stop("SIGTERM");

  const run = async (masterKey: string) => {
    const coordinator = await startCoordinatorProcess(settings(masterKey));
    const agent = startProgram(process.execPath, [join(ROOT, "bin/tss-agent.cjs")], {
      env: { TSS_COORDINATOR: coordinator.address, TSS_API_KEY: key, TSS_WORKER_DIR: temporaryFolder() },
    });
    const line = ["task", "create", "-c", 'test "$DB" = hunter2-hunter2', "--secret", "DB", "--wait", "--json"];
    const made = await tss(coordinator, line);
    const rotated = await tss(coordinator, ["secret", "rotate"]);
    agent.child.kill("SIGQUIT");
    await agent.finished;
    await coordinator.stop("SIGTERM");
    return { made, rotated };
  };
  const lost = await run(second);
  expect(lost.made.code).not.toBe(0);
  expect(lost.made.stdout + lost.made.stderr).toContain(
    "The secret DB cannot be opened because the coordinator does not have its master key",
  );
  expect(lost.rotated.stderr).toContain("The secret DB cannot be opened");
  const both = await run(`${second},${first}`);
  expect(both.made.code).toBe(0);
  expect(both.rotated.stdout).toMatch(/^1 secret was put under the master key [0-9a-f]{16}\.\n$/);
  expect((await run(second)).made.code).toBe(0);
}, 120_000);

test("tss secret: without a master key nothing is kept, and a value is never taken from the line", async () => {
  const url = await freshSqlite();
  const coordinator = await startCoordinatorProcess({ TSS_DATABASE_URL: url, TSS_COORDINATOR_LISTEN: "127.0.0.1:0" });
  closers.push(() => coordinator.stop("SIGTERM"));
  const env = { TSS_COORDINATOR: coordinator.address, TSS_API_KEY: coordinator.key ?? "" };
  const refused = await runTss(["secret", "set", "DB"], { env, stdin: "hunter2-hunter2\n" });
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain(
    "the coordinator has no master key: set TSS_MASTER_KEY to 32 random bytes in base64",
  );
  expect((await runTss(["secret", "set", "DB", "hunter2"], { env, stdin: "" })).code).toBe(2);
  expect((await runTss(["secret", "set", "DB"], { env, stdin: "" })).stderr).toContain("The value is empty");
  const named = await runTss(["task", "create", "-c", "true", "--secret", "a-b"], { env });
  expect(named.stderr).toContain("that is no name of a variable; write ENV=a-b");
});

test("tss dev makes a master key once and keeps it for itself alone", async () => {
  const first = await startDev();
  closers.push(() => rmSync(first.folder, { recursive: true, force: true }));
  closers.push(() => first.stop());
  const file = join(first.folder, ".tss/master.key");
  expect((statSync(file).mode & 0o777).toString(8)).toBe("600");
  const made = readFileSync(file, "utf8");
  writeFileSync(join(first.folder, "value"), "hunter2-hunter2\n");
  expect(await first.tss("secret", "set", "DB", "--file", "value")).toMatchObject({ code: 0 });
  await first.stop();
  const second = await startDev({}, first.folder);
  closers.push(() => second.stop());
  expect(readFileSync(file, "utf8")).toBe(made);
  const run = await second.tss("run", "--secret", "DB", "--", "sh", "-c", 'echo "$DB"; test "$DB" = hunter2-"hunter2"');
  expect(run).toMatchObject({ code: 0, stdout: "***\n" });
  expect(second.output()).not.toContain(made.trim());
}, 120_000);
