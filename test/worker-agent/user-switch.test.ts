import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test as anywhere, expect } from "@jest/globals";
import { ENVIRONMENT_FD, openEnvironment, wordsAs } from "../../worker-agent/executors/command/as-user.ts";
import type { Account } from "../../worker-agent/users/account.ts";
import { chooseUser, type UserPolicy } from "../../worker-agent/users/choose-user.ts";
import { findUserSwitch } from "../../worker-agent/users/user-switch.ts";
import { temporaryDirectory } from "../support/agent-house.ts";
import { findFolder, install } from "../support/binaries.ts";
import { testWhere } from "../support/where-possible.ts";

const isRoot = process.getuid?.() === 0;
const test = testWhere(isRoot, "changing users takes root");
const id = (...options: string[]) => execFileSync("id", options, { encoding: "utf8" }).trim();
const ids = { uid: Number(id("-u", "nobody")), gid: Number(id("-g", "nobody")) };
const NOBODY: Account = { name: "nobody", ...ids, isUsualGroup: true, groups: [], home: "/", shell: "/bin/sh" };

/** What a command says that runs by these words; its arguments look like options. */
function runBy(account: Account, words: readonly string[]): string {
  const command = [
    "/bin/sh",
    "-c",
    'id -u; id -g; id -G; pwd; echo "$A"; echo "$@"',
    "sh",
    "-l",
    "--",
    "-c",
    "two words",
  ];
  const told = openEnvironment(temporaryDirectory(), { A: "1" }, account);
  const [program = "", ...args] = wordsAs({ account, words }, "/tmp", command);
  const between = Array.from({ length: ENVIRONMENT_FD - 3 }, () => "ignore" as const);
  const { stdout } = spawnSync(program, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit", ...between, told],
  });
  closeSync(told);
  return stdout;
}

const TOLD = "/tmp\n1\n-l -- -c two words\n";

test("setpriv gives the groups that it is told, and no others", async () => {
  const switchTo = await findUserSwitch(process.env["PATH"] ?? "");
  const some = { ...NOBODY, name: "", uid: 4_242, gid: 4_243, groups: [10, 20] };
  for (const account of [some, { ...some, groups: [] }]) {
    const words = switchTo?.(account) ?? [];
    expect(words[0]).toMatch(/\/setpriv$/);
    const groups = [4_243, ...account.groups].join(" ");
    expect(runBy(account, words)).toBe(`4242\n4243\n${groups}\n${TOLD}`);
  }
});

test("where there is no setpriv, the su of BusyBox serves users with a name and their own group", async () => {
  if (findFolder(["busybox"]) === undefined) install(["busybox"]);
  const folder = temporaryDirectory();
  symlinkSync(join(findFolder(["busybox"]) ?? "", "busybox"), join(folder, "su"));
  const switchTo = await findUserSwitch(folder, []);
  const words = switchTo?.(NOBODY) ?? [];
  expect(words[0]).toBe(join(folder, "su"));
  expect(runBy(NOBODY, words)).toBe(`${id("-u", "nobody")}\n${id("-g", "nobody")}\n${id("-G", "nobody")}\n${TOLD}`);
  expect(switchTo?.({ ...NOBODY, name: "" })).toBeUndefined();
  expect(switchTo?.({ ...NOBODY, gid: 0, isUsualGroup: false })).toBeUndefined();
});

anywhere("other su programs and a setpriv that knows no users are not taken", async () => {
  const folder = temporaryDirectory();
  symlinkSync("/bin/true", join(folder, "setpriv"));
  symlinkSync("/bin/true", join(folder, "su"));
  expect(await findUserSwitch(folder, [])).toBeUndefined();
});

const policy = (more: Partial<UserPolicy>): UserPolicy => ({
  ...{ agentName: "hand", own: { uid: 0, gid: 0 }, usual: undefined, listed: [], switch: () => ["change"] },
  ...more,
});

anywhere("an agent that is not root keeps to its own user, whom tasks may name", async () => {
  const own = policy({ own: { uid: NOBODY.uid, gid: NOBODY.gid }, listed: ["root", "*"] });
  for (const asked of ["", "nobody", String(NOBODY.uid), `nobody:${NOBODY.gid}`])
    expect(await chooseUser(own, asked)).toEqual({ kind: "own" });
  for (const asked of ["root", "0", "nobody:0", "no-such-user"])
    expect(await chooseUser(own, asked)).toEqual({
      kind: "refused",
      message: `Agent hand runs no command as "${asked}": it is not root and keeps to its own user. An agent of root runs it where TSS_AGENT_USERS names that user.`,
    });
});

anywhere("an agent that finds no program for it says what to install", async () => {
  const without = policy({ listed: ["nobody"], switch: undefined });
  expect(await chooseUser(without, "nobody")).toMatchObject({
    kind: "refused",
    message: expect.stringContaining("install util-linux (setpriv) there."),
  });
});

anywhere("a group is the user's own, or named in the list beside the user", async () => {
  const kinds = async (listed: readonly string[], asked: string) => (await chooseUser(policy({ listed }), asked)).kind;
  expect(await kinds(["nobody"], `nobody:${NOBODY.gid}`)).toBe("other");
  expect(await kinds(["nobody"], "nobody:0")).toBe("refused");
  expect(await kinds(["nobody:0"], "nobody:0")).toBe("other");
  expect(await kinds(["nobody:0"], "nobody:4242")).toBe("refused");
  expect(await kinds(["4242:4243"], "4242:4243")).toBe("other");
  expect(await kinds(["4242:4243"], "4242")).toBe("refused");
  expect(await kinds(["*"], "4242:4243")).toBe("refused");
  expect(await kinds([String(NOBODY.uid)], "nobody")).toBe("other");
});
