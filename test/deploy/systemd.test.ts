import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { createClient } from "../../sdk/typescript/index.ts";
import { findFolder, install } from "../support/binaries.ts";
import { freePort } from "../support/free-port.ts";
import { ROOT, temporaryFolder } from "../support/run-tss.ts";
import { until } from "../support/until.ts";
import { startUserSystemd, writeUnit } from "../support/user-systemd.ts";
import { describeWhere } from "../support/where-possible.ts";

if (findFolder(["systemd-analyze"]) === undefined) install(["systemd"]);
const UNITS = ["tss", "tss-coordinator", "tss-gateway", "tss-agent"] as const;
const systemd = await startUserSystemd();
afterAll(() => systemd?.close());

/** A root into which a package was installed; the package has the shape of one, and nothing in it. */
function installed(...options: readonly string[]) {
  const [root, folder] = [temporaryFolder(), temporaryFolder()];
  const script = packageIn(folder, "5.0.0");
  const run = (...more: readonly string[]) => spawnSync("sh", [script, "--root", root, ...more], { encoding: "utf8" });
  return { root, folder, script, run, first: run(...options) };
}

function packageIn(folder: string, version: string): string {
  for (const part of ["dist/cli", "bin", "node_modules/pg", "node_modules/node-x/bin", "deploy"])
    mkdirSync(join(folder, part), { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ version }));
  writeFileSync(join(folder, "dist/cli/main.js"), "");
  writeFileSync(join(folder, "LICENSE"), "");
  const node = join(folder, "node_modules/node-x/bin/node");
  writeFileSync(node, `#!/bin/sh\nexec ${process.execPath} "$@"\n`);
  chmodSync(node, 0o755);
  execFileSync("cp", ["-a", join(ROOT, ".env.example"), folder]);
  execFileSync("cp", ["-a", join(ROOT, "deploy/systemd"), join(ROOT, "deploy/install.sh"), join(folder, "deploy")]);
  return join(folder, "deploy/install.sh");
}

describe("the installer", () => {
  test("lays out programs, units, users and settings, and does nothing the second time", () => {
    const { root, run, first } = installed();
    expect([first.status, first.stdout]).toEqual([0, expect.stringContaining("TSS 5.0.0 is installed.")]);
    expect(readFileSync(join(root, "usr/local/bin/tss-agent"), "utf8")).toContain("/opt/tss/current/bin/tss-agent.cjs");
    expect(readFileSync(join(root, "etc/passwd"), "utf8")).toMatch(/^tss-agent:.*:\/var\/lib\/tss-agent:/m);
    expect(readFileSync(join(root, "etc/tss/tss.env"), "utf8")).toContain("#TSS_DATABASE_URL=");
    for (const unit of UNITS) expect(existsSync(join(root, "etc/systemd/system", `${unit}.service`))).toBe(true);
    const settings = join(root, "etc/tss/tss.env");
    writeFileSync(settings, "TSS_LOG_LEVEL=info\n");
    const again = run();
    expect(again.stdout).toBe("TSS 5.0.0 is installed. All in one process: sudo systemctl start tss\n");
    expect(readFileSync(settings, "utf8")).toBe("TSS_LOG_LEVEL=info\n");
  });

  test("systemd finds nothing wrong with what it laid out", () => {
    const { root } = installed();
    const files = UNITS.map((unit) => join("/etc/systemd/system", `${unit}.service`));
    // What the units come after and are wanted by belongs to systemd itself.
    mkdirSync(join(root, "usr/lib/systemd"), { recursive: true });
    execFileSync("cp", ["-a", findSystemUnits(), join(root, "usr/lib/systemd/")]);
    const { status, stderr } = spawnSync("systemd-analyze", [`--root=${root}`, "--man=no", "verify", ...files], {
      encoding: "utf8",
    });
    const ours = stderr.split("\n").filter((line) => /tss/.test(line));
    expect([ours, status]).toEqual([[], 0]);
  });

  test("goes to another version and back, and takes itself away without the data", () => {
    const { root, folder, run } = installed();
    packageIn(folder, "5.1.0");
    run();
    const current = () => readFileSync(join(root, "opt/tss/current/package.json"), "utf8");
    expect(current()).toContain("5.1.0");
    expect(run("--use", "5.0.0").status).toBe(0);
    expect(current()).toContain("5.0.0");
    expect(run("--use", "4.0.0").stderr).toContain("version 4.0.0 is not in");
    mkdirSync(join(root, "var/lib/tss"), { recursive: true });
    writeFileSync(join(root, "var/lib/tss/tss.db"), "");
    expect(run("--uninstall").status).toBe(0);
    expect(existsSync(join(root, "opt/tss"))).toBe(false);
    expect(readdirSync(join(root, "etc/systemd/system"))).toEqual([]);
    expect(existsSync(join(root, "var/lib/tss/tss.db")) && existsSync(join(root, "etc/tss/tss.env"))).toBe(true);
    expect(run("--uninstall").status).toBe(0);
  });

  test("installs the one-file agent alone, and says what it cannot do", () => {
    const agent = join(temporaryFolder(), "tss-agent");
    writeFileSync(agent, "#!/bin/sh\n");
    const { run, first } = installed("--agent", agent);
    expect(first.stderr).toContain("is no program");
    chmodSync(agent, 0o755);
    expect(run("--agent", agent).stdout).toContain("The agent is installed.");
    expect(run("--agnt", agent).stderr).toContain('"--agnt" is no option');
    expect(run("--use").stderr).toContain("--use needs a value");
  });
});

test("the scores in the docs are those that systemd gives", () => {
  const docs = readFileSync(join(ROOT, "docs/operating.md"), "utf8");
  for (const unit of UNITS) {
    const file = join(ROOT, "deploy/systemd", `${unit}.service`);
    const said = execFileSync("systemd-analyze", ["security", "--offline=true", "--no-pager", file], {
      encoding: "utf8",
    });
    const score = /exposure level for \S+: ([\d.]+)/.exec(said)?.[1];
    expect(docs.replace(/ +/g, " ")).toContain(`| \`${unit}.service\` | ${score} |`);
  }
});

const NEEDS = "to run units under systemd takes root, mounts and control groups; they are only checked here";

describeWhere(systemd !== undefined, NEEDS)("under a real systemd", () => {
  const { folder, systemctl, show } = systemd ?? ({} as NonNullable<typeof systemd>);
  const database = { TSS_DATABASE_URL: `sqlite:${folder}/tss.db` };

  /** A command goes on when its agent is restarted, and when it is killed. */
  async function goesOn(address: string, apiKey: string): Promise<void> {
    const client = createClient({ address, apiKey });
    try {
      const [ledger, go] = [join(folder, "ledger"), join(folder, "go")];
      const command = `echo start >> ${ledger}; while [ ! -e ${go} ]; do sleep 0.05; done; exit 7`;
      const task = await client.submit({ command });
      await until("it runs", () => existsSync(ledger));
      const pid = () => show("tss-agent", "MainPID");
      const first = await pid();
      await systemctl("restart", "tss-agent");
      const second = await pid();
      await systemctl("kill", "--signal=KILL", "--kill-whom=main", "tss-agent");
      await until("it is started again", async () => !["0", first, second].includes(await pid()));
      await until("it is ready", async () => (await show("tss-agent", "ActiveState")) === "active");
      writeFileSync(go, "");
      expect(await task.wait()).toMatchObject({ status: "failed", reason: "exit_code", exitCode: 7, attempt: 1 });
      expect(readFileSync(ledger, "utf8")).toBe("start\n");
    } finally {
      await client.close();
    }
  }

  test("all in one process starts, is watched, and stops in order", async () => {
    const free = { TSS_COORDINATOR_LISTEN: "127.0.0.1:0", TSS_GATEWAY_LISTEN: "127.0.0.1:0" };
    writeUnit(folder, "tss", process.execPath, { ...database, ...free });
    await systemctl("start", "tss");
    expect(await show("tss", "ActiveState")).toBe("active");
    expect(await show("tss", "StatusText")).toContain("dashboard and REST at http");
    const fed = () => show("tss", "WatchdogTimestampMonotonic");
    const first = await fed();
    await until("the watchdog is fed", async () => (await fed()) !== first);
    await systemctl("stop", "tss");
    expect(await show("tss", "Result")).toBe("success");
  });

  test("the hardened programs start, one that hangs is started again, and commands outlive their agent", async () => {
    const address = `127.0.0.1:${await freePort()}`;
    writeUnit(folder, "tss-coordinator", process.execPath, { ...database, TSS_COORDINATOR_LISTEN: address });
    writeUnit(folder, "tss-gateway", process.execPath, { TSS_COORDINATOR: address, TSS_GATEWAY_LISTEN: "127.0.0.1:0" });
    const key = readFileSync(join(folder, ".tss/credentials"), "utf8").trim();
    writeUnit(folder, "tss-agent", process.execPath, { TSS_COORDINATOR: address, TSS_API_KEY: key });
    await systemctl("start", "tss-coordinator", "tss-gateway", "tss-agent");
    for (const unit of UNITS.slice(1)) expect([unit, await show(unit, "ActiveState")]).toEqual([unit, "active"]);
    await systemctl("kill", "--signal=STOP", "--kill-whom=main", "tss-gateway");
    await until(
      "the gateway has been started again",
      async () => (await show("tss-gateway", "NRestarts")) === "1",
      90_000,
    );
    await goesOn(address, key);
    await systemctl("stop", "tss-agent", "tss-gateway", "tss-coordinator");
    for (const unit of UNITS.slice(1)) expect([unit, await show(unit, "ActiveState")]).toEqual([unit, "inactive"]);
  }, 180_000);
});

function findSystemUnits(): string {
  return ["/usr/lib/systemd/system", "/lib/systemd/system"].find((path) => existsSync(path)) ?? "";
}
