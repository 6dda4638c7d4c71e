import { chmodSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { type DevSystem, startDev } from "../support/dev-system.ts";
import { runTss, temporaryFolder } from "../support/run-tss.ts";

const FREE = { TSS_COORDINATOR_LISTEN: "127.0.0.1:0", TSS_GATEWAY_LISTEN: "127.0.0.1:0" };

const running: DevSystem[] = [];
afterEach(async () => {
  for (const system of running.splice(0)) await system.stop("SIGTERM");
});

async function start(folder: string): Promise<DevSystem> {
  const system = await startDev({}, folder);
  running.push(system);
  return system;
}

/** A start that is expected to be refused. */
const tryStart = (cwd: string, env: Record<string, string> = FREE) => runTss(["dev"], { cwd, env });
const credentials = (folder: string) => join(folder, ".tss/credentials");
const modeOf = (file: string) => statSync(file).mode & 0o777;

test("a second start finds tasks and key as they were left, and the key is its user's alone", async () => {
  const folder = temporaryFolder();
  const first = await start(folder);
  expect(modeOf(credentials(folder))).toBe(0o600);
  const { stdout } = await first.tss("task", "create", "--name", "kept", "--delay", "1h", "--command", "true");
  expect(await first.stop()).toBe(0);
  const second = await start(folder);
  expect(second.key).toBe(first.key);
  expect(second.output()).toContain("kept in ./.tss/credentials");
  expect(second.output()).not.toContain(first.key);
  const kept = await second.rest(`/task/query/${stdout.trim()}`);
  expect(await kept.json()).toMatchObject({ name: "kept", status: "waiting", reason: "scheduled" });
  expect(await (await second.rest("/task/list?name=hello")).json()).toMatchObject({
    tasks: [{ status: "succeeded" }, { status: "succeeded" }],
  });
});

test("of two at once in one folder the second is refused and told the first, which goes on", async () => {
  const folder = temporaryFolder();
  const first = await start(folder);
  const second = await tryStart(folder);
  expect(second).toMatchObject({ code: 1, stdout: "" });
  expect(second.stderr).toMatch(/^Error: Another coordinator owns this database: [^\n]+ Stop it first[^\n]*\n$/);
  expect(second.stderr).toContain(`pid ${first.process.pid} at `);
  expect((await first.tss("task", "create", "--name", "on", "--command", "true", "--wait")).code).toBe(0);
});

test("a port that is taken is told with who has it, and the start after it has a key", async () => {
  const other = await start(temporaryFolder());
  const folder = temporaryFolder();
  const portOf = (address: string) => address.slice(address.lastIndexOf(":") + 1);
  for (const [setting, address] of [
    ["TSS_COORDINATOR_LISTEN", other.coordinator],
    ["TSS_GATEWAY_LISTEN", other.gateway],
  ] as const) {
    const taken = `127.0.0.1:${portOf(address)}`;
    const { code, stderr } = await tryStart(folder, { ...FREE, [setting]: taken });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Error: [^\n]+\n$/);
    expect(stderr).toContain(`cannot listen on ${taken}: it is taken by node`.slice(1));
    expect(stderr).toContain(`(pid ${other.process.pid}); stop that, or set ${setting} to another address.`);
  }
  expect((await start(folder)).key).toMatch(/^tss_/);
});

test("a key file that was lost is made anew; one that cannot be used is named, and so is one that others may read", async () => {
  const folder = temporaryFolder();
  const first = await start(folder);
  await first.stop();
  rmSync(credentials(folder));
  const second = await start(folder);
  expect(second.key).not.toBe(first.key);
  expect(modeOf(credentials(folder))).toBe(0o600);
  await second.stop();

  writeFileSync(credentials(folder), `${first.key.slice(0, -3)}xyz\n`);
  const foreign = await tryStart(folder);
  expect(foreign).toMatchObject({ code: 1, stdout: "" });
  expect(foreign.stderr).toMatch(
    /^Error: The key in \.\/\.tss\/credentials cannot be used: remove that file and start again, [^\n]+\n$/,
  );
  chmodSync(credentials(folder), 0o644);
  const open = await tryStart(folder);
  expect(open).toMatchObject({ code: 1, stdout: "" });
  expect(open.stderr).toMatch(
    /^Error: Others may read the key in \.\/\.tss\/credentials; close it: chmod 600 [^\n]+\n$/,
  );
});
