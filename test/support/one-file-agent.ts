import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, linkSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** Builds the one-file agent in `folder` and returns its path. */
export async function buildAgent(folder: string): Promise<string> {
  const file = join(folder, "tss-agent");
  const build = spawn(process.execPath, [join(ROOT, "deploy/build-agent.ts"), "--output", file], {
    env: { PATH: process.env["PATH"] },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  build.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const [code] = await once(build, "close");
  if (code !== 0) throw new Error(`The agent could not be built: ${said}`);
  return file;
}

/** All that a machine has to have beside the agent: a shell, mkfifo, and the libraries of the three. */
export function furnishRoot(root: string, agent: string): void {
  for (const folder of ["bin", "proc", "dev", "var/lib/tss"]) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "dev/null"), "");
  linkSync(agent, join(root, "bin/tss-agent"));
  const programs = ["/bin/sh", execFileSync("sh", ["-c", "command -v mkfifo"], { encoding: "utf8" }).trim()];
  for (const program of programs) copyFileSync(program, join(root, "bin", program.split("/").pop() as string));
  const listed = [agent, ...programs].map((file) => execFileSync("ldd", [file], { encoding: "utf8" })).join("");
  for (const [library] of listed.matchAll(/\/\S+/g)) {
    if (!/\.so(\.|$)/.test(library)) continue;
    mkdirSync(join(root, dirname(library)), { recursive: true });
    copyFileSync(library, join(root, library));
  }
}

/** Arguments of `unshare` that run what follows in a read-only root of its own, with /var/lib/tss in memory. */
export function inRoot(root: string): readonly string[] {
  return unshared(`mount --bind "$1" "$1" && mount -t proc proc "$1/proc" && mount --bind /dev/null "$1/dev/null" &&
    mount -o remount,bind,ro "$1" && mount -t tmpfs tmpfs "$1/var/lib/tss" && exec chroot "$@"`).concat(root);
}

/** Whether this user may mount: not so in most containers. */
export function mayMount(): boolean {
  return spawnSync("unshare", unshared("mount -t tmpfs tmpfs /mnt")).status === 0;
}

function unshared(script: string): string[] {
  const asUser = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  const path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  return [...asUser, "--mount", "--propagation", "private", "/bin/sh", "-c", `unset PATH; ${path}; ${script}`, "sh"];
}
