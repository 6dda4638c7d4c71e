import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Folder that holds `names`, looked for on the PATH and where packages put Postgres and Redis; undefined: none. */
export function findFolder(names: readonly string[]): string | undefined {
  return folders().find((folder) => names.every((name) => existsSync(join(folder, name))));
}

/** Whether ImageMagick is here: other programs are called `convert` too, so it is asked who it is. */
export function hasImageMagick(): boolean {
  return ["magick", "convert", "/usr/bin/convert"].some((name) =>
    String(spawnSync(name, ["-version"], { stdio: ["ignore", "pipe", "ignore"] }).stdout).includes("ImageMagick"),
  );
}

function folders(): string[] {
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return [
    ...path,
    ...versions("/usr/lib/postgresql", "", "bin"),
    ...versions("/usr", "pgsql-", "bin"),
    ...versions("/opt/homebrew/opt", "postgresql", "bin"),
    ...versions("/usr/local/opt", "postgresql", "bin"),
    ...versions("/home/linuxbrew/.linuxbrew/opt", "postgresql", "bin"),
    "/opt/homebrew/bin",
    "/usr/local/bin",
    "/usr/bin",
    "/usr/sbin",
    "/usr/local/pgsql/bin",
  ];
}

/** Sub-folders whose names begin with `prefix`, highest version first. */
function versions(parent: string, prefix: string, below: string): string[] {
  if (!existsSync(parent)) return [];
  const number = (name: string) => Number(/\d+/.exec(name)?.[0] ?? 0);
  return readdirSync(parent)
    .filter((name) => name.startsWith(prefix))
    .sort((a, b) => number(b) - number(a))
    .map((name) => join(parent, name, below));
}

const PACKAGES = {
  postgres: "postgresql",
  redis: "redis-server",
  convert: "imagemagick",
  chromium: "chromium",
  venv: "python3-venv",
  go: "golang-go",
  cc: "gcc",
  libc: "libc6-dev",
  "g++": "g++",
  make: "make",
  "pkg-config": "pkg-config",
  "grpc++": "libgrpc++-dev",
  grpcPlugin: "protobuf-compiler-grpc",
  systemd: "systemd",
  busybox: "busybox-static",
  promtool: "prometheus",
  nginx: "nginx-light",
  caddy: "caddy",
  sqlite3: "sqlite3",
  curl: "curl",
} as const;

export type Missing = keyof typeof PACKAGES;

/**
 * Installs what is missing with apt-get, without letting the packages start a service of their own.
 * @returns false when this machine has no apt-get or this user is not root.
 */
export function install(missing: readonly Missing[]): boolean {
  if (missing.length === 0) return true;
  if (process.getuid?.() !== 0 || findFolder(["apt-get"]) === undefined) return false;
  const packages = missing.map((name) => PACKAGES[name]);
  process.stderr.write(`installing ${packages.join(", ")} with apt-get\n`);
  const script = `policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then printf '#!/bin/sh\\nexit 101\\n' > $policy; chmod 755 $policy; trap 'rm -f $policy' EXIT; fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -qq -y --no-install-recommends "$@" >&2 && exit 0
    apt-get update -qq >&2; apt-get install -qq -y --no-install-recommends "$@" >&2`;
  return (
    spawnSync("sh", ["-c", script, "install", ...packages], { stdio: ["ignore", "ignore", "inherit"] }).status === 0
  );
}
