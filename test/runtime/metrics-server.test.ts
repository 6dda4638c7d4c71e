import { afterEach, expect, test } from "@jest/globals";
import { createMetrics } from "../../runtime/metrics.ts";
import { type MetricsServer, startMetricsServer } from "../../runtime/metrics-server.ts";

const servers: MetricsServer[] = [];
const metrics = createMetrics("gateway", "5.0.0");

async function serve(problem?: () => string | undefined, address = "127.0.0.1:0"): Promise<MetricsServer> {
  const server = await startMetricsServer({ address, metrics, problem });
  servers.push(server);
  return server;
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

test("metrics and health have a port of their own", async () => {
  const { address } = await serve();
  const answer = await fetch(`http://${address}/metrics`);
  expect(answer.headers.get("content-type")).toContain("text/plain; version=0.0.4");
  expect(await answer.text()).toContain('tss_build_info{part="gateway",version="5.0.0"} 1');
  const health = await fetch(`http://${address}/healthz`);
  expect([health.status, await health.text()]).toEqual([200, "ok\n"]);
});

test("a process that is not well says what is wrong", async () => {
  const { address } = await serve(() => "the database cannot be written");
  const health = await fetch(`http://${address}/healthz`);
  expect([health.status, await health.text()]).toEqual([503, "the database cannot be written\n"]);
});

test("there is nothing else, and nothing to write", async () => {
  const { address } = await serve();
  expect((await fetch(`http://${address}/`)).status).toBe(404);
  const post = await fetch(`http://${address}/metrics`, { method: "POST", body: "x" });
  expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
});

test("a taken address is told with what to do", async () => {
  const { address } = await serve();
  await expect(serve(undefined, address)).rejects.toThrow(
    new RegExp(
      `^Cannot listen on ${address}: it is taken by .*; stop that, or set TSS_METRICS_LISTEN to another address\\.$`,
    ),
  );
});
