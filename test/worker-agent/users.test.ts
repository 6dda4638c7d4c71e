import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "@jest/globals";
import { AttemptOutcome, TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import { readResult } from "../../worker-agent/executors/command/task-files.ts";
import { writeWholeFor } from "../../worker-agent/journal/write-file.ts";
import { leave, openHouse, temporaryDirectory } from "../support/agent-house.ts";
import type { Given } from "../support/fake-coordinator.ts";
import { isRunning } from "../support/is-running.ts";
import { killProcess, startAgentProcess } from "../support/start-agent-process.ts";
import { until } from "../support/until.ts";
import { testWhere } from "../support/where-possible.ts";

const { SUCCEEDED, FAILED, CANCELLED } = AttemptOutcome;
const isRoot = process.getuid?.() === 0;
const test = testWhere(isRoot, "commands of other users take an agent of root");

/** A number that no user of this machine has. */
const NOBODYS = 424_242;
const USERS = { TSS_AGENT_USERS: `nobody,${NOBODYS}:${NOBODYS}` };
const nobody = execFileSync("id", ["-u", "nobody"], { encoding: "utf8" }).trim();

const open = (settings: Readonly<Record<string, string>> = USERS) => openHouse({ settings });

async function outputOf(spec: Readonly<Record<string, unknown>>, settings?: Readonly<Record<string, string>>) {
  const { coordinator, agent } = await open(settings);
  const given = coordinator.lease(spec);
  const report = await coordinator.outcome(given);
  await leave(agent);
  return { report, said: coordinator.output(given).toString(), message: report.error?.message };
}

test("a command runs as the user that its task names, with its groups, home and name", async () => {
  const command = 'id -u; id -g; id -G; echo "$HOME $USER $LOGNAME"; pwd; umask';
  const { report, said } = await outputOf({ command, user: "nobody", umask: "027", env: { A: "1" } });
  const [uid, gid, groups, names, cwd, umask] = said.split("\n");
  expect(report.outcome).toBe(SUCCEEDED);
  expect([uid, gid, groups]).toEqual([
    nobody,
    ...["-g", "-G"].map((option) => execFileSync("id", [option, "nobody"], { encoding: "utf8" }).trim()),
  ]);
  expect(names).toMatch(/^\/\S* nobody nobody$/);
  expect(existsSync(names?.split(" ")[0] ?? "") ? names?.split(" ")[0] : "/").toBe(cwd);
  expect(umask).toMatch(/^0?0?27$/);
});

test("a number without a name takes a group, and has no other", async () => {
  const { said } = await outputOf({ command: "id -u; id -G; echo $HOME $USER", user: `${NOBODYS}:${NOBODYS}` });
  expect(said).toBe(`${NOBODYS}\n${NOBODYS}\n/ ${NOBODYS}\n`);
});

test("it has no right of root left", async () => {
  const command =
    "grep -E '^Cap(Inh|Prm|Eff|Amb)' /proc/self/status | tr -d '0\\t\\n'; exec 2>&-; kill -0 $PPID || echo no";
  const { said } = await outputOf({ command, user: "nobody" });
  expect(said).toBe("CapInh:CapPrm:CapEff:CapAmb:no\n");
});

test("the environment of a task reaches no process that is still root, and no list of processes", async () => {
  const { coordinator } = await open();
  const env = {
    LD_PRELOAD: "/no/such.so",
    SECRET: "in-no-list",
    PATH: "/usr/bin:/bin:/own",
    IFS: "x",
    UID: "7",
    OPTIND: "3",
  };
  const given = coordinator.lease({
    argv: ["/bin/sh", "-c", "tr '\\0' '\\n' </proc/$$/environ; echo $PPID; exec sleep 1000"],
    user: "nobody",
    env,
  });
  const lines = () => coordinator.output(given).toString().split("\n");
  await coordinator.until(() => lines().some((line) => /^\d+$/.test(line)));
  for (const [name, value] of Object.entries(env)) expect(lines()).toContain(`${name}=${value}`);
  const launcher = lines().find((line) => /^\d+$/.test(line)) ?? "";
  expect(readFileSync(`/proc/${launcher}/status`, "utf8")).toMatch(/^Uid:\t0\t/m);
  const known = readFileSync(`/proc/${launcher}/environ`, "utf8").split("\0");
  expect(known.map((entry) => entry.split("=")[0])).toEqual(["PATH", "TSS_TASK_ID", "TSS_FENCING_TOKEN", ""]);
  expect(readFileSync(`/proc/${launcher}/cmdline`, "utf8")).not.toContain("in-no-list");
  coordinator.cancel(given, TaskReason.ABORTED);
  expect(await coordinator.outcome(given)).toMatchObject({ outcome: CANCELLED });
});

test("values of any kind arrive as they are", async () => {
  const odd = 'it\'s "$HOME" `id` \\ $(id)\n\ttwo lines é ';
  const { said } = await outputOf({ command: 'printf "%s" "$ODD"', user: "nobody", env: { ODD: odd } });
  expect(said).toBe(odd);
});

test("input, result, progress and /dev/stderr work as for anybody", async () => {
  const { coordinator, agent } = await open();
  const payload = { data: Buffer.from("in"), contentType: "text/plain" };
  const given = coordinator.lease({
    command:
      'cat "$TSS_INPUT" >"$TSS_OUTPUT"; echo err >/dev/stderr; echo out >/dev/stdout; echo \'{"progress":40}\' >&3; ls -ld "$TSS_INPUT"',
    user: "nobody",
    payload,
  });
  const report = await coordinator.outcome(given);
  await leave(agent);
  expect(report).toMatchObject({ outcome: SUCCEEDED, result: { data: Buffer.from("in") } });
  expect(coordinator.output(given).toString()).toMatch(/^err$/m);
  expect(coordinator.output(given).toString()).toMatch(/^-rw------- 1 nobody/m);
  expect(coordinator.progress(given).at(-1)?.percent).toBe(40);
});

test("what others keep is closed to it: the agent's directory, and the folders of other users' tasks", async () => {
  const { coordinator, directory } = await open();
  const given = coordinator.lease({ command: 'echo x >"$TSS_OUTPUT"; echo $$; sleep 1000', user: "nobody" });
  await coordinator.until(() => coordinator.output(given).length > 0);
  const [folder = ""] = readdirSync(join(directory, "attempts"));
  const own = join(directory, "attempts", folder);
  expect(lstatSync(join(own, "task"))).toMatchObject({ uid: Number(nobody), mode: 0o40700 });
  const look = `ls ${directory}; ls ${own}; cat ${own}/attempt.json; cat ${own}/task/output; cat ${directory}/launcher; echo x >${own}/status`;
  const other = coordinator.lease({ command: `{ ${look}; } 2>/dev/null; id -u`, user: `${NOBODYS}:${NOBODYS}` });
  expect(await coordinator.outcome(other)).toMatchObject({ outcome: SUCCEEDED });
  await coordinator.until(() => coordinator.output(other).length > 0);
  expect(coordinator.output(other).toString()).toBe(`${NOBODYS}\n`);
  coordinator.cancel(given, TaskReason.ABORTED);
  expect(await coordinator.outcome(given)).toMatchObject({ outcome: CANCELLED, survivors: 0 });
});

test("what it leaves in its folder goes with the attempt, however it locked it", async () => {
  const { coordinator, agent, directory } = await open();
  const command = 'cd "$(dirname "$TSS_OUTPUT")"; mkdir -p a/b; : >a/b/c; : >.hidden; ln -s /etc etc; chmod 0 a/b a';
  await coordinator.outcome(coordinator.lease({ command, user: "nobody" }));
  await leave(agent);
  expect(readdirSync(join(directory, "attempts"))).toEqual([]);
  expect(existsSync("/etc/passwd")).toBe(true);
});

test("links that it leads elsewhere give it nothing of what only root may read or write", async () => {
  const { coordinator, agent } = await open();
  const folder = temporaryDirectory();
  const secret = join(folder, "secret");
  writeFileSync(secret, "of root", { mode: 0o600 });
  const soft = coordinator.lease({ command: `ln -s ${secret} "$TSS_OUTPUT"`, user: "nobody" });
  const report = await coordinator.outcome(soft);
  expect([report.outcome, report.result]).toEqual([SUCCEEDED, undefined]);
  await leave(agent);
  // As on a machine that does not protect hard links.
  const task = join(folder, "task");
  mkdirSync(task);
  linkSync(secret, join(task, "output"));
  expect(readResult(join(task, "output")).kind).toBe("payload");
  chownSync(task, NOBODYS, NOBODYS);
  expect(readResult(join(task, "output"))).toEqual({ kind: "none" });
  symlinkSync(secret, join(task, "deadline.new"));
  writeWholeFor({ uid: NOBODYS, gid: NOBODYS }, join(task, "deadline"), "12\n");
  expect(lstatSync(join(task, "deadline"))).toMatchObject({ uid: NOBODYS, size: 3 });
  expect(readFileSync(secret, "utf8")).toBe("of root");
});

test.each([
  ["root", /runs no command as "root" because its TSS_AGENT_USERS names only nobody, 424242:424242; add it there\.$/],
  ["0", /runs no command as "0" because/],
  ["nobody:root", /runs no command as "nobody:root" because/],
  ["nobody:0", /runs no command as "nobody:0" because/],
  [
    `${NOBODYS}`,
    /User 424242 has no name, so its group has to be given \(424242:GROUP\) on agent hand|because its TSS_AGENT_USERS/,
  ],
  [`${NOBODYS}:0`, /runs no command as "424242:0" because/],
  ["no-such-user", /runs no command as "no-such-user" because/],
])("%s is refused by an agent that does not name it", async (user, message) => {
  const { report, message: said } = await outputOf({ command: "id", user });
  expect(report).toMatchObject({ outcome: FAILED, reason: TaskReason.REJECTED });
  expect(said).toMatch(message);
});

test("* is everybody but root, and everybody's own groups alone", async () => {
  const all = { TSS_AGENT_USERS: "*" };
  expect((await outputOf({ command: "id -u", user: "nobody" }, all)).said).toBe(`${nobody}\n`);
  expect((await outputOf({ command: "id", user: "root" }, all)).report.reason).toBe(TaskReason.REJECTED);
  expect((await outputOf({ command: "id", user: "nobody:root" }, all)).report.reason).toBe(TaskReason.REJECTED);
  // To the kernel it means: stay who you are.
  const stay = { command: "id", user: `${2 ** 32 - 1}:100` };
  expect((await outputOf(stay, { TSS_AGENT_USERS: "*:100" })).report.reason).toBe(TaskReason.REJECTED);
  const unknown = await outputOf({ command: "id", user: "no-such-user" }, { TSS_AGENT_USERS: "no-such-user" });
  expect(unknown.message).toBe('There is no user "no-such-user" on agent hand.');
  const listed = { TSS_AGENT_USERS: "root" };
  expect((await outputOf({ command: "id -u", user: "root" }, listed)).said).toBe("0\n");
});

test("TSS_AGENT_USER is whom commands run as that name nobody, and may be named", async () => {
  const usual = { TSS_AGENT_USER: "nobody" };
  expect((await outputOf({ command: "id -u" }, usual)).said).toBe(`${nobody}\n`);
  expect((await outputOf({ command: "id -u", user: "nobody" }, usual)).said).toBe(`${nobody}\n`);
  expect((await outputOf({ command: "id -u", user: "root" }, usual)).message).toContain("TSS_AGENT_USERS names nobody");
  await expect(open({ TSS_AGENT_USER: "no-such-user" })).rejects.toThrow(
    'TSS_AGENT_USER cannot be used: There is no user "no-such-user" on agent hand.',
  );
});

test("a directory that is closed to the user, and one that is not there, are named", async () => {
  const closed = temporaryDirectory();
  const { report, message } = await outputOf({ command: "pwd", user: "nobody", workingDirectory: closed });
  expect(report).toMatchObject({ outcome: FAILED, reason: TaskReason.SPAWN_ERROR });
  expect(message).toBe(`User "nobody" cannot enter the working directory ${closed} on agent hand.`);
  const inner = join(closed, "inner");
  mkdirSync(inner, { mode: 0o755 });
  expect((await outputOf({ command: "pwd", user: "nobody", workingDirectory: inner })).message).toContain(inner);
});

test("a program that the user may not execute, and one that is not there, are named", async () => {
  const directory = temporaryDirectory();
  chmodSync(directory, 0o755);
  const program = join(directory, "program");
  writeFileSync(program, "#!/bin/sh\n", { mode: 0o700 });
  const denied = await outputOf({ argv: [program], user: "nobody" });
  expect(denied.report.reason).toBe(TaskReason.SPAWN_ERROR);
  expect(denied.message).toContain("its user may not execute it");
  const missing = await outputOf({ argv: ["no-such-program"], user: "nobody", env: { PATH: "/usr/bin:/bin" } });
  expect(missing.message).toContain('Program "no-such-program" was not found on agent hand');
});

test("an agent's directory that the user cannot reach is said, with what to set", async () => {
  const directory = join(temporaryDirectory(), "agent");
  const { coordinator } = await openHouse({ directory, settings: USERS });
  const report = await coordinator.outcome(coordinator.lease({ command: "id", user: "nobody" }));
  expect(report.error?.message).toMatch(/may not go through \S+, where the agent keeps .*set TSS_WORKER_DIR/);
});

test("a cancel ends a command of another user with all it started, and what left its group", async () => {
  const { coordinator } = await open();
  const command = "setsid sh -c 'echo $$; exec sleep 1000' & sleep 1000 & echo $!; wait";
  const given = coordinator.lease({ command, user: "nobody" });
  const pids = () =>
    coordinator
      .output(given)
      .toString()
      .match(/\d+(?=\n)/g) ?? [];
  await coordinator.until(() => pids().length === 2);
  coordinator.cancel(given, TaskReason.ABORTED);
  expect(await coordinator.outcome(given)).toMatchObject({ outcome: CANCELLED, signal: "SIGTERM", survivors: 1 });
  expect(pids().map(Number).map(isRunning)).toEqual([false, false]);
});

test("a command of another user goes on when its agent is killed, and the next one ends it as it ends any", async () => {
  const directory = temporaryDirectory();
  const go = join(temporaryDirectory(), "go");
  const command = `id -u; while [ ! -e ${go} ]; do sleep 0.02; done; echo after >"$TSS_OUTPUT"; echo after $KEY; exit 7`;
  chmodSync(dirname(go), 0o711);
  // Its launcher, which is still root, does not know its secrets.
  const secrets = JSON.stringify({ KEY: "correct 'horse'", OTHER: "a\nexport KEY='x'\n" });
  const user = { TEST_SILENT: "1", TEST_USER: "nobody", TEST_SECRETS: secrets, TSS_WORKER_SLOTS: "3", ...USERS };
  const meanwhile = `echo on; while [ ! -e ${go}.first ]; do sleep 0.02; done; echo "it's $KEY"; echo >"$TSS_OUTPUT" $KEY; exit 5`;
  const commands = [command, "echo $$; exec sleep 1000", meanwhile];
  const { child, said } = await startAgentProcess(directory, commands, enough, user);
  await killProcess(child);
  writeFileSync(`${go}.first`, "");
  await until("the last to end while no agent is there", () =>
    statuses(directory).some((text) => text.includes("exit=5;")),
  );
  const { agent, coordinator } = await openHouse({ directory, settings: USERS });
  const [first, second, third] = said.ids.map((id) => ({ id, fencingToken: TOKEN }));
  expect(coordinator.held()).toHaveLength(3);
  const report = await coordinator.outcome(third as Given);
  expect(report).toMatchObject({ outcome: FAILED, exitCode: 5 });
  expect(coordinator.output(third as Given).toString()).toBe("on\nit's ***\n");
  writeFileSync(go, "");
  coordinator.cancel(second as Given, TaskReason.ABORTED);
  expect(await coordinator.outcome(first as Given)).toMatchObject({ outcome: FAILED, exitCode: 7 });
  expect(await coordinator.outcome(second as Given)).toMatchObject({ outcome: CANCELLED, signal: "SIGTERM" });
  await leave(agent);
  expect(coordinator.output(first as Given).toString()).toBe(`${nobody}\nafter ***\n`);
  expect(readdirSync(join(directory, "attempts"))).toEqual([]);
});

function statuses(directory: string): string[] {
  const attempts = join(directory, "attempts");
  return readdirSync(attempts).map((name) => readFileSync(join(attempts, name, "status"), "latin1"));
}

const TOKEN = 2n ** 52n + 1n;

function enough({ output }: { readonly output: string }): boolean {
  return output.split("\n").length > 3;
}
