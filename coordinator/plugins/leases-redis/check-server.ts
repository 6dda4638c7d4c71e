import type { Redis } from "ioredis";
import { TssError } from "../../../proto/errors.ts";
import { patiently } from "./connect.ts";

/** Oldest server whose behaviour the leases were tried with. */
const OLDEST = 7;

/**
 * Refuses a server on which leases would vanish or never be written.
 * @throws TssError FAILED_PRECONDITION: one sentence, with what to do.
 */
export async function checkServer(redis: Redis, where: string): Promise<void> {
  const info = readInfo(await patiently(() => redis.info()));
  const version = Number(info["redis_version"]?.split(".")[0]);
  if (!(version >= OLDEST))
    throw refusal(`Redis at ${where} is version ${info["redis_version"]} and TSS needs ${OLDEST} or newer`);
  if (info["role"] !== "master")
    throw refusal(`Redis at ${where} is a replica of ${info["master_host"]}:${info["master_port"]}: name the primary`);
  const policy = info["maxmemory_policy"] ?? "noeviction";
  if (Number(info["maxmemory"] ?? 0) > 0 && policy !== "noeviction")
    throw refusal(
      `Redis at ${where} evicts keys when its memory is full (maxmemory-policy ${policy}): set it to noeviction`,
    );
}

function readInfo(text: string): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(text.split("\r\n").map((line) => line.split(/:(.*)/s).slice(0, 2)));
}

function refusal(sentence: string): TssError {
  return new TssError("FAILED_PRECONDITION", `${sentence} (TSS_REDIS_URL).`, { reason: "REDIS_UNFIT" });
}
