import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import path from "node:path";
import type { Settings } from "../../runtime/settings-table.ts";
import { shownUrl } from "../../runtime/shown-url.ts";
import { databaseStatus, redisStatus } from "../database.ts";
import { sizeText } from "../render/time.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

const LITTLE_BYTES = 1024 ** 3;
const LITTLE_SHARE = 0.05;

/** The database of this machine's coordinator: only where one is named or its default file is there. */
export async function checkDatabase(settings: Settings): Promise<Finding[]> {
  const url = settings.TSS_DATABASE_URL;
  const named = process.env["TSS_DATABASE_URL"] !== undefined;
  if (!named && !existsSync(url.replace(/^sqlite:/, ""))) return [];
  const check = "database";
  const status = await databaseStatus(url);
  const name = shownUrl(url);
  if (!status.reachable)
    return [
      fail(check, status.problem || `${name} cannot be reached.`, "Start the database, or correct TSS_DATABASE_URL."),
    ];
  if (status.version === 0) return [warn(check, `${name} has no tables yet.`, 'Run "tss db init".')];
  if (status.pending.length > 0)
    return [
      fail(
        check,
        `${name} has schema ${status.version}; this version needs ${status.latest}.`,
        'Run "tss db migrate".',
      ),
    ];
  if (status.version > status.latest)
    return [fail(check, status.problem, "Install the TSS that made it, or a newer one.")];
  if (status.problem !== "") return [fail(check, status.problem, 'Look at "tss db status".')];
  return [ok(check, `${name} has schema ${status.version}.`)];
}

/** Redis of this machine's coordinators, where it is named. */
export async function checkRedis(settings: Settings): Promise<Finding[]> {
  const check = "redis";
  if (settings.TSS_REDIS_URL === undefined) return [];
  if (settings.TSS_DATABASE_URL.startsWith("sqlite:"))
    return [
      warn(
        check,
        "TSS_REDIS_URL is set and not used: SQLite is for a single coordinator.",
        "Set TSS_DATABASE_URL to a Postgres for several, or unset TSS_REDIS_URL.",
      ),
    ];
  const all = await Promise.all(settings.TSS_REDIS_URL.split(",").map(redisStatus));
  return all.map(({ where, problem }) =>
    problem === undefined
      ? ok(check, `Redis at ${where} can be used by several coordinators.`)
      : fail(check, problem, "No coordinator starts with it; one that runs goes on."),
  );
}

/** Room for what TSS keeps beside the database: output spools and SQLite files. */
export async function checkDisk(settings: Settings): Promise<Finding> {
  let folder = path.resolve(settings.TSS_WORKER_DIR ?? ".tss");
  while (!existsSync(folder)) folder = path.dirname(folder);
  const { bavail, blocks, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const message = `${sizeText(free)} are free in ${folder}.`;
  const little = free < LITTLE_BYTES || bavail / blocks < LITTLE_SHARE;
  return little
    ? warn("disk", message, "Make room: agents stop taking work when they cannot keep output.")
    : ok("disk", message);
}
