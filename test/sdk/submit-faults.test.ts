import { expect, test } from "@jest/globals";
import { StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import type { Client } from "../../sdk/typescript/index.ts";
import { createClient } from "../../sdk/typescript/index.ts";
import { startCoordinatorProcess } from "../support/crash-system.ts";
import { freePort } from "../support/free-port.ts";
import { startSdkSystem } from "../support/sdk-system.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { startProxy } from "../support/tcp-proxy.ts";

const waiting = async (client: Client): Promise<number> =>
  Number((await client.connection.service(StatsService).getOverview({})).counts?.waiting);

/** Submits `count` tasks in turns of ten and calls `disturb` after each tenth of them has been confirmed. */
async function submitMany(client: Client, count: number, disturb: (tenth: number) => unknown): Promise<string[]> {
  const ids: string[] = [];
  const submits: Promise<unknown>[] = [];
  for (let at = 0; at < count; at++) {
    submits.push(
      client.submit({ command: "true", name: `n${at}`, delayMs: 3_600_000 }).then(({ id }) => {
        ids.push(id);
        if (ids.length % (count / 10) === 0) disturb(ids.length / (count / 10));
      }),
    );
    if (at % 10 === 9) await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(submits);
  return ids;
}

test("a wire that is cut again and again loses and doubles nothing", async () => {
  const system = await startSdkSystem();
  const proxy = await startProxy(Number(system.address.split(":").at(-1)));
  try {
    const client = system.client({ address: `127.0.0.1:${proxy.port}` });
    const ids = await submitMany(client, 2_000, () => proxy.cut());
    expect(new Set(ids).size).toBe(2_000);
    expect(await waiting(system.client())).toBe(2_000);
  } finally {
    await system.close();
    await proxy.close();
  }
});

test("a coordinator killed and started again: what it confirmed is there, what it did not is sent again", async () => {
  const settings = {
    TSS_DATABASE_URL: await freshSqlite(),
    TSS_COORDINATOR_LISTEN: `127.0.0.1:${await freePort()}`,
  };
  let coordinator = await startCoordinatorProcess(settings);
  const client = createClient({ address: coordinator.address, apiKey: coordinator.key ?? "" });
  let restarted = Promise.resolve();
  try {
    const ids = await submitMany(client, 2_000, (tenth) => {
      if (tenth !== 3) return;
      restarted = (async () => {
        await coordinator.stop("SIGKILL");
        coordinator = await startCoordinatorProcess(settings);
      })();
    });
    await restarted;
    expect(new Set(ids).size).toBe(2_000);
    expect(await waiting(client)).toBe(2_000);
    const handle = client.task(ids[1_234] ?? "");
    expect(await handle.get()).toMatchObject({ status: "waiting" });
  } finally {
    await client.close();
    await coordinator.stop("SIGTERM");
  }
});
