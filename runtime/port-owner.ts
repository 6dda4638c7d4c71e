import { readdir, readFile, readlink } from "node:fs/promises";

/** The process that listens on a TCP port of this machine. */
export interface PortOwner {
  readonly pid: number;
  /** Its program and first argument as the system shows them, e.g. `node bin/tss-coordinator.cjs`; at most 120 characters. */
  readonly program: string;
}

/** `st` of a listening socket in /proc/net/tcp. */
const LISTENING = "0A";

/**
 * Who listens on a TCP port. Undefined when nobody does, when the process belongs to another user, or where there is no
 * /proc (anything but Linux). Never throws.
 */
export async function findPortOwner(port: number, root = "/proc"): Promise<PortOwner | undefined> {
  const inodes = new Set<string>();
  for (const table of ["tcp", "tcp6"])
    for (const inode of listeningInodes(await read(`${root}/net/${table}`), port)) inodes.add(inode);
  if (inodes.size === 0) return undefined;
  for (const pid of await list(root)) {
    if (!/^\d+$/.test(pid)) continue;
    for (const descriptor of await list(`${root}/${pid}/fd`)) {
      const target = await readlink(`${root}/${pid}/fd/${descriptor}`).catch(() => "");
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode === undefined || !inodes.has(inode)) continue;
      return { pid: Number(pid), program: programOf(await read(`${root}/${pid}/cmdline`)) };
    }
  }
  return undefined;
}

/** `node bin/tss.cjs (pid 4711)`, or "another program" when it cannot be found out. */
export async function describePortOwner(port: number): Promise<string> {
  const owner = await findPortOwner(port);
  return owner === undefined ? "another program" : `${owner.program} (pid ${owner.pid})`;
}

function* listeningInodes(table: string, port: number): Generator<string> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  for (const line of table.split("\n").slice(1)) {
    const columns = line.trim().split(/\s+/);
    if (columns[1]?.endsWith(suffix) && columns[3] === LISTENING && columns[9] !== undefined) yield columns[9];
  }
}

/** Arguments after the first may hold secrets and are left out. */
function programOf(commandLine: string): string {
  const [program = "", first = ""] = commandLine.split("\0");
  const name = program.slice(program.lastIndexOf("/") + 1) || "a program";
  return (first === "" || first.startsWith("-") ? name : `${name} ${first}`).slice(0, 120);
}

const read = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");
const list = (path: string): Promise<string[]> => readdir(path).catch(() => []);
