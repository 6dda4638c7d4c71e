import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { findFolder, install } from "./binaries.ts";
import { mayMount } from "./one-file-agent.ts";
import { until } from "./until.ts";

const ROOT = join(import.meta.dirname, "../..");

const run = promisify(execFile);
const SYSTEMD = ["/lib/systemd/systemd", "/usr/lib/systemd/systemd"];

/** A real systemd that manages the units of a folder, in processes and mounts of its own. */
export interface UserSystemd {
  /** For units and what they write; gone with it. Not in /tmp, which units have for themselves. */
  readonly folder: string;
  systemctl(...args: string[]): Promise<string>;
  /** What the unit is now, e.g. `show("tss", "ActiveState")`. */
  show(unit: string, property: string): Promise<string>;
  close(): Promise<void>;
}

/** undefined: this machine or this user cannot run one; it takes root, mounts, and control groups to write to. */
export async function startUserSystemd(): Promise<UserSystemd | undefined> {
  if (findFolder(["systemctl", "nsenter"]) === undefined) install(["systemd"]);
  const program = SYSTEMD.find((file) => existsSync(file));
  if (process.getuid?.() !== 0 || program === undefined || !mayMount()) return undefined;
  const groups = ["/sys/fs/cgroup/systemd", "/sys/fs/cgroup"].find((path) => existsSync(join(path, "cgroup.procs")));
  const name = `tss-test-${process.pid}`;
  const folder = join(ROOT, ".cache", name);
  const group = join(groups ?? "/no", name);
  mkdirSync(join(folder, "run"), { recursive: true, mode: 0o700 });
  if (spawnSync("mkdir", [group]).status !== 0) return undefined;
  const boot = `mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system && echo $$ > ${group}/cgroup.procs &&
    ${program} --user --unit=basic.target --log-target=console`;
  const child: ChildProcess = spawn(
    "unshare",
    ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", boot],
    { env: environmentOf(folder), stdio: "ignore" },
  );
  const ended = once(child, "exit");
  const close = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
    await until("the control group is empty", () => emptied(group));
  };
  const inside = (): string => readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim();
  const systemctl = async (...args: string[]): Promise<string> => {
    const command = ["-t", inside(), "-m", "-p", "systemctl", "--user", "--no-pager", ...args];
    return (await run("nsenter", command, { env: environmentOf(folder) })).stdout.trim();
  };
  const isUp = () => systemctl("is-active", "basic.target").catch(() => "");
  await until("systemd is up or has ended", async () => child.exitCode !== null || (await isUp()) === "active");
  if (child.exitCode !== null) {
    await close();
    return undefined;
  }
  const show = (unit: string, property: string) => systemctl("show", "--value", "-p", property, unit);
  return { folder, systemctl, show, close };
}

const environmentOf = (folder: string): NodeJS.ProcessEnv => ({
  PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
  XDG_RUNTIME_DIR: join(folder, "run"),
  SYSTEMD_UNIT_PATH: `${folder}:`,
});

/** Its processes leave a control group after they have ended. */
function emptied(group: string): boolean {
  if (!existsSync(group)) return true;
  spawnSync("find", [group, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]);
  return !existsSync(group);
}

const NOT_HERE =
  /^(User|Group|StateDirectory|StateDirectoryMode|EnvironmentFile|After|Wants|ProtectKernelTunables|ProtectKernelLogs)=/;

/** A unit of deploy/systemd for programs of this checkout, with what only the system's own manager can do taken out. */
export function writeUnit(folder: string, name: string, node: string, environment: Readonly<Record<string, string>>) {
  const lines = readFileSync(join(ROOT, "deploy/systemd", `${name}.service`), "utf8").split("\n");
  // There is no journal here.
  const said = ["Output", "Error"].map((stream) => `Standard${stream}=append:${folder}/${name}.log`).join("\n");
  const kept = lines
    .filter((line) => !NOT_HERE.test(line))
    // A checkout under /tmp would be hidden from what is run out of it.
    .filter((line) => !(line.startsWith("PrivateTmp=") && ROOT.startsWith("/tmp/")))
    .map((line) =>
      line
        .replace(/^WorkingDirectory=.*/, `WorkingDirectory=${folder}\nReadWritePaths=${folder}\n${said}`)
        .replace(/^ProtectHome=.*/, "ProtectHome=read-only")
        // A test does not wait half a minute.
        .replace(/^WatchdogSec=.*/, "WatchdogSec=3s")
        .replace(/^ExecStart=\/usr\/local\/bin\/(\S+)/, `ExecStart=${node} ${ROOT}/bin/$1.cjs`),
    );
  const settings = Object.entries(environment).map(([key, value]) => `Environment="${key}=${value}"`);
  const at = kept.indexOf("[Service]") + 1;
  writeFileSync(join(folder, `${name}.service`), kept.toSpliced(at, 0, ...settings).join("\n"));
}
