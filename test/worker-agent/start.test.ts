import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { freePort } from "../support/free-port.ts";
import { ROOT, startProgram, temporaryFolder } from "../support/run-tss.ts";
import { startSdkSystem } from "../support/sdk-system.ts";

const startAgent = (env: Record<string, string>) =>
  startProgram(process.execPath, [join(ROOT, "bin/tss-agent.cjs")], {
    cwd: temporaryFolder(),
    env: { TSS_WORKER_NAME: "hand", ...env },
  });

test("an agent says whom it works for, and what its process uses where that is asked for", async () => {
  const system = await startSdkSystem();
  const metrics = `127.0.0.1:${await freePort()}`;
  const agent = startAgent({
    TSS_COORDINATOR: system.address,
    TSS_API_KEY: system.apiKey,
    TSS_METRICS_LISTEN: metrics,
  });
  await agent.says(`tss-agent hand offers its slots to ${system.address}\n`);
  const text = await (await fetch(`http://${metrics}/metrics`)).text();
  expect(text).toMatch(/^tss_build_info\{part="agent",version="[^"]+"\} 1$/m);
  agent.child.kill("SIGTERM");
  expect(await agent.finished).toMatchObject({ code: 0, stderr: "" });
  await system.close();
});

test("an agent on a machine that goes away does not start: it would only give back what it takes", async () => {
  const file = join(temporaryFolder(), "notice");
  writeFileSync(file, "120\n");
  const agent = startAgent({ TSS_COORDINATOR: "127.0.0.1:1", TSS_API_KEY: "", TSS_PREEMPT_FILE: file });
  const { code, stdout, stderr } = await agent.finished;
  expect([code, stdout, stderr]).toEqual([
    expect.any(Number),
    "",
    `tss-agent: ${file} (TSS_PREEMPT_FILE) says that this machine goes away, so the agent does not start: remove the file if that is over.\n`,
  ]);
  expect(code).not.toBe(0);
});

test("an agent without a coordinator says so and goes on trying", async () => {
  const address = `127.0.0.1:${await freePort()}`;
  const agent = startAgent({ TSS_COORDINATOR: address, TSS_API_KEY: "" });
  await agent.says("It goes on trying.");
  expect(agent.stderr()).toBe(`tss-agent: No coordinator answers at ${address} (ECONNREFUSED). It goes on trying.\n`);
  agent.child.kill("SIGTERM");
  expect(await agent.finished).toMatchObject({ code: 0, stdout: "" });
});
