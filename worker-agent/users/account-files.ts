import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { isNumber } from "./account.ts";

const run = promisify(execFile);
/** A directory of users that does not answer must not hold an attempt for ever. */
const PATIENCE_MS = 5_000;

export interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** By name or number, as the machine knows users: its files, then whatever else it asks (LDAP …). */
export async function findUser(nameOrNumber: string): Promise<PasswdEntry | undefined> {
  const wanted = matches(nameOrNumber);
  return (
    parsePasswd(await readOptional("/etc/passwd")).find(wanted) ?? parsePasswd(await ask("passwd", nameOrNumber))[0]
  );
}

/** The number of a group; one without a name is as good as any. */
export async function findGroup(nameOrNumber: string): Promise<number | undefined> {
  const wanted = matches(nameOrNumber);
  const found =
    parseGroups(await readOptional("/etc/group")).find((group) => wanted({ name: group.name, uid: group.gid })) ??
    parseGroups(await ask("group", nameOrNumber))[0];
  return found?.gid ?? (isNumber(nameOrNumber) ? Number(nameOrNumber) : undefined);
}

/** Groups beside the user's own. `id` knows of those that no file names. */
export async function groupsOf(user: PasswdEntry): Promise<number[]> {
  const [files, all] = await Promise.all([readOptional("/etc/group"), idGroups(user.name)]);
  const named = parseGroups(files).filter(({ members }) => members.includes(user.name));
  return [...new Set([...named.map(({ gid }) => gid), ...all])].filter((gid) => gid !== user.gid);
}

function matches(nameOrNumber: string): (entry: { readonly name: string; readonly uid: number }) => boolean {
  return isNumber(nameOrNumber) ? ({ uid }) => uid === Number(nameOrNumber) : ({ name }) => name === nameOrNumber;
}

function parsePasswd(text: string): PasswdEntry[] {
  return linesOf(text).map(([name = "", , uid, gid, , home, shell]) => ({
    name,
    uid: Number(uid),
    gid: Number(gid),
    home: home || "/",
    shell: shell || "/bin/sh",
  }));
}

function parseGroups(text: string): GroupEntry[] {
  return linesOf(text).map(([name = "", , gid, members = ""]) => ({
    name,
    gid: Number(gid),
    members: members.split(",").filter((member) => member !== ""),
  }));
}

function linesOf(text: string): string[][] {
  return text
    .split("\n")
    .map((line) => line.split(":"))
    .filter((fields) => fields.length >= 4);
}

async function ask(database: "passwd" | "group", key: string): Promise<string> {
  return (await said("getent", [database, key])) ?? "";
}

async function idGroups(name: string): Promise<number[]> {
  const answer = await said("id", ["-G", name]);
  return (answer ?? "").trim().split(/\s+/).filter(isNumber).map(Number);
}

/** Undefined: there is no such program, or it knows nothing. */
async function said(program: string, args: readonly string[]): Promise<string | undefined> {
  try {
    return (await run(program, args, { timeout: PATIENCE_MS })).stdout;
  } catch {
    return undefined;
  }
}

async function readOptional(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
