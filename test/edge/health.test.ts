import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { SERVICES } from "../../coordinator/api/services.ts";
import { Health, type HealthCheckResponse } from "../../proto/gen/grpc/health/v1/health_pb.js";
import { type EdgeUnderTest, startEdge } from "../support/edge-server.ts";
import { failure, TestClient } from "../support/grpc-client.ts";

const [SERVING, NOT_SERVING, SERVICE_UNKNOWN] = [1, 2, 3];
const { check, list, watch } = Health.method;
let edge: EdgeUnderTest;
let client: TestClient;
beforeEach(async () => {
  edge = await startEdge();
  client = new TestClient(edge.server.address);
});
afterEach(async () => {
  client.close();
  await edge.close();
});

test("the server and each of its services say that they serve, and when they do not", async () => {
  for (const service of ["", "tss.v1.TaskService", "grpc.health.v1.Health"])
    expect((await client.unary(check, { service })).status).toBe(SERVING);
  edge.server.setServing(false);
  expect((await client.unary(check, {})).status).toBe(NOT_SERVING);
  const { statuses } = await client.unary(list, {});
  expect(Object.keys(statuses).sort()).toEqual(["", ...SERVICES.map(({ typeName }) => typeName)].sort());
});

test("a service that is not there is NOT_FOUND", async () => {
  expect((await failure(client.unary(check, { service: "tss.v1.Nothing" }))).code).toBe(status.NOT_FOUND);
});

test("a watch tells the state at once and every change, each once", async () => {
  const told: number[] = [];
  let seen = () => {};
  const call = client.serverStream(watch, {});
  call.on("data", (answer: HealthCheckResponse) => {
    told.push(answer.status);
    seen();
  });
  const until = async (count: number) => {
    while (told.length < count)
      await new Promise<void>((resolve) => {
        seen = resolve;
      });
  };
  await until(1);
  edge.server.setServing(true);
  edge.server.setServing(false);
  await until(2);
  edge.server.setServing(true);
  await until(3);
  expect(told).toEqual([SERVING, NOT_SERVING, SERVING]);
  call.cancel();
});

test("a watch of a service that is not there says so and stays", async () => {
  const call = client.serverStream(watch, { service: "tss.v1.Nothing" });
  const answer = await new Promise<HealthCheckResponse>((resolve) => call.once("data", resolve));
  expect(answer.status).toBe(SERVICE_UNKNOWN);
  call.cancel();
});
