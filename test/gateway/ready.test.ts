import { expect, test } from "@jest/globals";
import { startGateway } from "../../gateway/gateway.ts";
import { silentLogger } from "../../runtime/logger.ts";
import { openConnection } from "../../sdk/typescript/connection/open-connection.ts";
import { startSdkSystem } from "../support/sdk-system.ts";
import { until } from "../support/until.ts";

test("a gateway is ready while its coordinator answers, and not when that is frozen", async () => {
  const system = await startSdkSystem();
  const connection = openConnection({ address: system.address });
  const gateway = await startGateway({
    connection,
    listen: "127.0.0.1:0",
    settings: {
      TSS_GATEWAY_RATE: 1_000,
      TSS_CORS_ORIGINS: [],
      TSS_GATEWAY_URL: undefined,
      TSS_SESSION_SECRET: undefined,
    },
    logger: silentLogger,
  });
  const ready = async () => {
    const answer = await fetch(`${gateway.url}/readyz`);
    return { status: answer.status, ...((await answer.json()) as object) };
  };
  try {
    // A coordinator that is slow to answer is not ready for as long.
    let answer: { readonly status?: unknown } = {};
    await until("it to be ready", async () => {
      answer = await ready();
      return answer.status === "ready";
    });
    expect(answer).toEqual({ status: "ready" });
    system.coordinator.process.kill("SIGSTOP");
    expect(await ready()).toEqual({ status: "not ready", detail: expect.stringMatching(/did not answer in time/) });
  } finally {
    system.coordinator.process.kill("SIGCONT");
    await gateway.close();
    connection.close();
    await system.close();
  }
});
