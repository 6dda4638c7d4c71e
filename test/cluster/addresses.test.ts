import { expect, test } from "@jest/globals";
import { StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { createClient, taskType } from "../../sdk/typescript/index.ts";
import { freePort } from "../support/free-port.ts";
import { startGatewayProcess } from "../support/gateway-process.ts";
import { runTss } from "../support/run-tss.ts";
import { until } from "../support/until.ts";
import { type Node, ownedBy, startCluster, type TestCluster } from "./cluster-house.ts";

const work = taskType<number, void>("work");
const addressesOf = ({ nodes }: TestCluster) => nodes.map(({ process: { address } }) => address);

test("submits that are on their way when a coordinator is killed are kept once each", async () => {
  const cluster = await startCluster(2);
  const [a, b] = cluster.nodes as [Node, Node];
  for (const [round, killed] of [a, undefined].entries()) {
    const client = createClient({ address: addressesOf(cluster), apiKey: cluster.key });
    // Over both, one stream at a time: every turn of the loop is a message of its own.
    const submits: Promise<{ readonly id: string }>[] = [];
    for (let turn = 0; turn < 100; turn++) {
      for (let task = 0; task < 5; task++) submits.push(client.submit(work.task(turn)));
      if (turn === 50) killed?.process.stop("SIGKILL");
      await new Promise(setImmediate);
    }
    const ids = (await Promise.all(submits)).map(({ id }) => id);
    expect(new Set(ids).size).toBe(500);
    await until("the other to own everything", async () => (await ownedBy(b)) === 64, 60_000);
    const { counts } = await b.connection.service(StatsService).getOverview({});
    expect(counts?.waiting).toBe(BigInt(500 * (round + 1)));
    await client.close();
  }
});

test("a command and a gateway go on with the coordinator that is left", async () => {
  const cluster = await startCluster(2);
  const [a, b] = cluster.nodes as [Node, Node];
  const env = { TSS_COORDINATOR: addressesOf(cluster).join(","), TSS_API_KEY: cluster.key };
  const gateway = await startGatewayProcess(env);
  const submit = async () => {
    const answer = await fetch(`${gateway.url}/task/submit`, {
      method: "POST",
      headers: { authorization: `Bearer ${cluster.key}`, "content-type": "application/json" },
      body: JSON.stringify({ name: "x", command: "true" }),
    });
    return answer.status;
  };
  const statuses: number[] = [];
  for (let turn = 0; turn < 60; turn++) {
    if (turn === 20) a.process.stop("SIGKILL");
    statuses.push(await submit());
  }
  expect(statuses).toEqual(Array(60).fill(201));
  await until("the other to own everything", async () => (await ownedBy(b)) === 64, 60_000);
  const list = await runTss(["task", "list", "--limit", "100", "--json"], { env });
  expect(list.stderr).toBe("");
  expect(JSON.parse(list.stdout).tasks).toHaveLength(60);
  expect(await runTss(["task", "create", "-c", "true"], { env })).toMatchObject({ code: 0 });
  await gateway.stop();
});

test("when no coordinator answers, a command ends with one sentence that names each", async () => {
  const addresses = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const env = { TSS_COORDINATOR: addresses.join(","), TSS_API_KEY: "tss_x" };
  for (const words of [
    ["task", "list"],
    ["task", "create", "-c", "true"],
  ]) {
    const { code, stderr, stdout } = await runTss(words, { env });
    expect([code, stdout]).toEqual([7, ""]);
    expect(stderr).toMatch(
      /^Error: No coordinator answers: 127\.0\.0\.1:\d+ \(ECONNREFUSED\), 127\.0\.0\.1:\d+ \(ECONNREFUSED\)\.\nStart one .*\n$/,
    );
    for (const address of addresses) expect(stderr).toContain(address);
  }
  const option = ["task", "list", "--coordinator", ","];
  expect(await runTss(option, { env })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("must be host:port"),
  });
});
