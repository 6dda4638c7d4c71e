import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { mayMount } from "../support/one-file-agent.ts";
import { ROOT, type Started, startProgram, temporaryFolder } from "../support/run-tss.ts";
import { type SdkSystem, startSdkSystem } from "../support/sdk-system.ts";
import { testWhere } from "../support/where-possible.ts";

let system: SdkSystem;
beforeAll(async () => {
  system = await startSdkSystem();
});
afterAll(() => system.close());

/** An agent whose directory is a disk of its own, of 80 MiB; what it mounts is seen by it and its commands alone. */
function agentOn(disk: string): Started {
  const script = 'mount -t tmpfs -o size=80m tmpfs "$0" && exec "$@"';
  const agent = [process.execPath, join(ROOT, "bin/tss-agent.cjs")];
  const asRoot = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  return startProgram(
    "unshare",
    [...asRoot, "--mount", "--propagation", "private", "sh", "-c", script, disk, ...agent],
    {
      env: {
        TSS_COORDINATOR: system.address,
        TSS_API_KEY: system.apiKey,
        TSS_WORKER_DIR: join(disk, "agent"),
        TSS_WORKER_SLOTS: "1",
        TSS_LOG_LEVEL: "warn",
      },
    },
  );
}

testWhere(mayMount(), "a disk that can be filled takes the right to mount")(
  "on a disk that is full what runs comes to its own end and nothing more is taken; with room again it goes on",
  async () => {
    const disk = temporaryFolder();
    const agent = agentOn(disk);
    const client = system.client();
    const fill = join(disk, "fill");
    const fills = await client.submit({
      name: "fills",
      command: `echo before; head -c 100m /dev/zero > ${fill}; head -c 300000 /dev/zero | tr '\\0' x; exit 7`,
    });
    expect(await fills.wait()).toMatchObject({ status: "failed", reason: "exit_code", exitCode: 7, attempt: 1 });
    await agent.says("is full: no task is taken until there is room");
    const next = await client.submit({ name: "next", command: "echo went on" });
    expect(await next.get()).toMatchObject({ status: "waiting" });
    rmSync(`/proc/${agent.child.pid}/root${fill}`);
    expect(await next.wait()).toMatchObject({ status: "succeeded" });
    let said = "";
    for await (const { data } of next.logs()) said += Buffer.from(data).toString();
    expect(said).toBe("went on\n");
    expect(agent.stderr()).toContain("has room again");
    agent.child.kill("SIGTERM");
    expect((await agent.finished).code).toBe(0);
  },
  120_000,
);
