import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import type { Account } from "./account.ts";

/**
 * The words that run a shell as a user, with its groups; the shell's arguments, -c first, follow. Undefined: there is no way
 * to that user. They become what they run and leave nothing in between (docs/decisions/0045).
 */
export type UserSwitch = (account: Account) => readonly string[] | undefined;

const run = promisify(execFile);
const USUAL_FOLDERS = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];

/**
 * Finds a program that changes users: setpriv of util-linux, which every distribution with it has, or else the su of
 * BusyBox, which becomes what it runs. Other su programs stay in between and open sessions.
 * @param path PATH of the agent.
 * @param usual folders that are looked into as well.
 */
export async function findUserSwitch(path: string, usual = USUAL_FOLDERS): Promise<UserSwitch | undefined> {
  const folders = [...new Set([...path.split(delimiter).filter((folder) => folder !== ""), ...usual])];
  const setpriv = await findKnowing(folders, "setpriv", "--reuid");
  if (setpriv !== undefined) return (account) => setprivWords(setpriv, account);
  const su = await findKnowing(folders, "su", "BusyBox");
  return su === undefined ? undefined : (account) => suWords(su, account);
}

function setprivWords(program: string, { uid, gid, groups }: Account): string[] {
  const supplementary = groups.length === 0 ? ["--clear-groups"] : [`--groups=${groups.join(",")}`];
  return [program, `--reuid=${uid}`, `--regid=${gid}`, ...supplementary, "--inh-caps=-all", "--", "/bin/sh"];
}

/** It knows names alone, and gives each the groups that it has. */
function suWords(program: string, { name, isUsualGroup }: Account): string[] | undefined {
  if (name === "" || !isUsualGroup) return undefined;
  // Without -- it takes what follows for its own options.
  return [program, "-m", "-s", "/bin/sh", "--", name];
}

async function findKnowing(folders: readonly string[], name: string, word: string): Promise<string | undefined> {
  for (const folder of folders) {
    const program = join(folder, name);
    if (isExecutable(program) && (await helpOf(program)).includes(word)) return program;
  }
  return undefined;
}

/** Some end with a failure after it. */
async function helpOf(program: string): Promise<string> {
  const { stdout, stderr } = await run(program, ["--help"]).catch(
    (error: { stdout?: string; stderr?: string }) => error,
  );
  return `${stdout ?? ""}${stderr ?? ""}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
