import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { TestAuthority } from "../support/certificates.ts";
import { type RunningCoordinator, startCoordinatorProcess } from "../support/crash-system.ts";
import { ROOT, runTss, startProgram, temporaryFolder } from "../support/run-tss.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { until } from "../support/until.ts";
import { testWhere } from "../support/where-possible.ts";

/** An address of this machine that is not its loopback: who calls it comes, for the coordinator, from a network. */
const outside = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
const testOutside = testWhere(outside !== undefined, "secrets over plaintext need an address beside the loopback");

let coordinator: RunningCoordinator;
const closers: (() => unknown)[] = [];
beforeAll(async () => {
  coordinator = await startCoordinatorProcess({
    TSS_DATABASE_URL: await freshSqlite(),
    TSS_COORDINATOR_LISTEN: "0.0.0.0:0",
    TSS_MASTER_KEY: Buffer.alloc(32, 5).toString("base64"),
  });
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
  await coordinator?.stop("SIGTERM");
});

const at = (host: string) => ({
  TSS_COORDINATOR: coordinator.address.replace(/^.*:/, `${host}:`),
  TSS_API_KEY: coordinator.key ?? "",
});

function startAgent(env: Readonly<Record<string, string>>, name: string): void {
  const agent = startProgram(process.execPath, [join(ROOT, "bin/tss-agent.cjs")], {
    env: { ...env, TSS_WORKER_DIR: temporaryFolder(), TSS_WORKER_NAME: name, TSS_AGENT_ALLOW: "*" },
  });
  closers.push(async () => {
    agent.child.kill("SIGQUIT");
    await agent.finished;
  });
}

testOutside(
  "over TLS a worker on a network is given the secrets of its tasks",
  async () => {
    const authority = await TestAuthority.make();
    closers.push(() => authority.remove());
    const shown = await authority.write("server", "server", { hosts: [outside ?? "", "127.0.0.1"] });
    const withTls = await startCoordinatorProcess({
      TSS_DATABASE_URL: await freshSqlite(),
      TSS_COORDINATOR_LISTEN: "0.0.0.0:0",
      TSS_MASTER_KEY: Buffer.alloc(32, 6).toString("base64"),
      TSS_TLS_CERT: shown.cert,
      TSS_TLS_KEY: shown.key,
    });
    closers.push(() => withTls.stop("SIGTERM"));
    const env = {
      TSS_COORDINATOR: withTls.address.replace(/^.*:/, `${outside}:`),
      TSS_API_KEY: withTls.key ?? "",
      TSS_TLS_CA: authority.ca,
    };
    expect((await runTss(["secret", "set", "DB"], { env, stdin: "hunter2-hunter2\n" })).code).toBe(0);
    startAgent(env, "far");
    const run = await runTss(["run", "--secret", "DB", "--", "sh", "-c", 'echo "it is $DB"'], { env });
    expect(run).toMatchObject({ code: 0, stdout: "it is ***\n" });
  },
  120_000,
);

testOutside(
  "a worker that speaks plaintext from a network is given no task that needs secrets",
  async () => {
    const env = at("127.0.0.1");
    const tss = async (...args: string[]) => (await runTss(args, { env })).stdout;
    const sent = await runTss(["secret", "set", "DB"], { env: at(outside ?? ""), stdin: "hunter2-hunter2\n" });
    expect(sent.stderr).toContain("Values of secrets do not go over plaintext between machines");
    expect((await runTss(["secret", "set", "DB"], { env, stdin: "hunter2-hunter2\n" })).code).toBe(0);

    startAgent(at(outside ?? ""), "far");
    await until("the agent to be there", async () => (await tss("worker", "list")).includes("far"));
    const create = ["task", "create", "-c", 'test "$DB" = hunter2-hunter2', "--json"];
    const id = JSON.parse(await tss(...create, "--secret", "DB")).id as string;
    await until("the reason", async () =>
      (await tss("task", "why", id)).includes("No worker may be given the secrets it needs (far)"),
    );
    // It takes others.
    const other = JSON.parse(await tss("task", "create", "-c", "true", "--json")).id as string;
    await tss("task", "wait", other);
    expect(JSON.parse(await tss("task", "status", id, "--json")).status).toBe("waiting");

    startAgent(env, "near");
    expect((await runTss(["task", "wait", id], { env })).code).toBe(0);
  },
  120_000,
);
