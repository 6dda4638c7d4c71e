import { execFile } from "node:child_process";
import { chmodSync, chownSync, lchownSync, lstatSync, readdirSync, statSync } from "node:fs";
import { rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/**
 * The folder of a task whose command runs as another user than the agent: it belongs to that user, who may put there what it
 * likes, links among them. So nothing is opened, written or removed in it with more rights than the owner's, unless by a
 * way that follows no link.
 */

const run = promisify(execFile);

/** Longest time for the removal of a folder. */
const REMOVE_MS = 60_000;

/** Others may go through a folder and see nothing of what is in it. */
const PASSABLE = 0o711;

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Gives the folder and the files that are in it to a user. Last of all before a process of that user may run. */
export function giveFolder(path: string, { uid, gid }: Owner): void {
  for (const name of readdirSync(path)) lchownSync(join(path, name), uid, gid);
  chmodSync(dirname(path), PASSABLE);
  chownSync(path, uid, gid);
}

/** Whose folder it is; undefined: the agent's own, or there is none. */
export function foreignOwner(path: string): Owner | undefined {
  try {
    // What is above it is the agent's: nobody else can put something in its place.
    const { uid, gid } = lstatSync(path);
    return uid === process.geteuid?.() ? undefined : { uid, gid };
  } catch {
    return undefined;
  }
}

/**
 * Removes a folder that was given away, with the rights of its owner: whoever still runs as that user could exchange a
 * folder for a link meanwhile, and only harm itself.
 * @throws when something in it is not the owner's to remove.
 */
export async function removeGiven(path: string, owner: Owner): Promise<void> {
  const { uid, gid } = owner;
  // The folder itself stays: what it is in is not the owner's.
  const line = 'chmod -R u+rwX -- "$1" 2>/dev/null; rm -rf -- "$1" 2>/dev/null; :';
  // Whoever runs as that user may look at it and stop it: it knows nothing, and is not waited for.
  const bounds = { env: { PATH: "/usr/bin:/bin" }, timeout: REMOVE_MS, killSignal: "SIGKILL" } as const;
  await run("/bin/sh", ["-c", line, "sh", path], { cwd: "/", uid, gid, ...bounds });
  await rmdir(path);
}

/** Lets everybody go through folders of the agent. */
export function makePassable(...paths: readonly string[]): void {
  for (const path of paths) chmodSync(path, PASSABLE);
}

/** The first folder on the way to a path that a user cannot go through; undefined: all can be. ACLs are not looked at. */
export function closedTo(
  path: string,
  { uid, gid, groups }: Owner & { readonly groups: readonly number[] },
): string | undefined {
  const above = dirname(path);
  const closed = above === path ? undefined : closedTo(above, { uid, gid, groups });
  if (closed !== undefined) return closed;
  const stat = statSync(path);
  const bit = stat.uid === uid ? 0o100 : [gid, ...groups].includes(stat.gid) ? 0o010 : 0o001;
  return (stat.mode & bit) === 0 && uid !== 0 ? path : undefined;
}
