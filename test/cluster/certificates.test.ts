import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ApiKeyService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import { connectionOptionsOf } from "../../sdk/typescript/connection/local-connection.ts";
import { openConnection } from "../../sdk/typescript/connection/open-connection.ts";
import type { ConnectionOptions } from "../../sdk/typescript/connection-types.ts";
import { drawSecrets, shown } from "../../worker-agent/identity/draw-secrets.ts";
import { TestAuthority } from "../support/certificates.ts";
import { ROOT, startProgram, temporaryFolder } from "../support/run-tss.ts";
import { startCluster, type TestCluster } from "./cluster-house.ts";

/** Several coordinators that demand certificates: of their callers, and of each other. */

let own: TestAuthority;
let tls: ConnectionOptions["tls"];
beforeAll(async () => {
  own = await TestAuthority.make();
  const client = await own.write("client", "client");
  tls = connectionOptionsOf({ address: "", ca: own.ca, clientCert: client.cert, clientKey: client.key }).tls;
});
afterAll(() => own.remove());

async function start(): Promise<TestCluster> {
  const server = await own.write("server", "server");
  const more = {
    TSS_TLS_CERT: server.cert,
    TSS_TLS_KEY: server.key,
    TSS_TLS_CA: own.ca,
    TSS_TLS_CLIENT_CA: own.ca,
    TSS_TLS_CLIENT_CA_KEY: join(own.folder, "ca.key"),
  };
  return startCluster(2, undefined, more, tls);
}

test("coordinators show each other what they show everybody, and a token that one made is good once at all", async () => {
  const { nodes } = await start();
  const [one, two] = nodes;
  // Keyed tasks go to every shard: half of these are carried from one to the other.
  const tasks = Array.from({ length: 32 }, (_, n) => ({ type: "nobody", name: `t${n}`, idempotencyKey: `k${n}` }));
  const { results } = await one!.connection.service(TaskService).submitTasks({ tasks });
  const ids = results.map(({ result }) => (result.case === "id" ? result.value : ""));
  expect(new Set(ids).size).toBe(32);
  for (const { connection } of nodes)
    for (const id of ids) expect((await connection.service(TaskService).getTask({ id })).task?.id).toBe(id);

  const { token } = await one!.connection.service(ApiKeyService).createJoinToken({});
  // Neither of the agents has a certificate yet.
  const joins = [one!, two!, one!, two!].map(({ process: { address } }) => {
    const connection = openConnection({ address, tls: { ca: readFileSync(own.ca, "utf8") } });
    const asked = connection.service(ApiKeyService).joinWorker({ token, name: "hand", ...shown(drawSecrets()) });
    return asked.finally(() => connection.close());
  });
  const ended = await Promise.allSettled(joins);
  const joined = ended.filter(({ status }) => status === "fulfilled");
  expect(joined).toHaveLength(1);
  expect(joined[0]).toMatchObject({ value: { certificate: expect.stringContaining("BEGIN CERTIFICATE") } });
  for (const one of ended)
    if (one.status === "rejected") expect(one.reason).toMatchObject({ reason: "JOIN_TOKEN_USED" });
});

test("an agent that joined at one coordinator works for both", async () => {
  const cluster = await start();
  const [one, two] = cluster.nodes;
  const { token } = await one!.connection.service(ApiKeyService).createJoinToken({});
  const folder = temporaryFolder();
  const agent = (args: string[], env: Record<string, string> = {}) =>
    startProgram(process.execPath, [join(ROOT, "bin/tss-agent.cjs"), ...args], { cwd: folder, env });
  const joined = await agent(["join", two!.process.address, "--token", token], { TSS_TLS_CA: own.ca }).finished;
  expect(joined).toMatchObject({ code: 0, stderr: "" });
  const running = agent([]);
  await running.says("offers its slots");
  const spec = (n: number) => ({ name: `t${n}`, command: "true", idempotencyKey: `key ${n}` });
  const { results } = await one!.connection
    .service(TaskService)
    .submitTasks({ tasks: Array.from({ length: 20 }, (_, n) => spec(n)) });
  for (const { result } of results) {
    const id = result.case === "id" ? result.value : "";
    const waited = await one!.connection.service(TaskService).waitTask({ id, timeout: { seconds: 60n, nanos: 0 } });
    expect(waited.task?.attempt).toBe(1);
  }
  running.child.kill("SIGTERM");
  expect(await running.finished).toMatchObject({ code: 0, stderr: "" });
});
