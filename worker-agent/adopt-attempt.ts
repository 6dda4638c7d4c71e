import { type AttemptLife, beginLife } from "./attempt-life.ts";
import type { AttemptDir, AttemptRecord } from "./journal/attempt-dir.ts";
import { bootId } from "./processes/identity.ts";
import { sinceBoot } from "./processes/machine-clock.ts";
import { type AttemptHost, brokenEnding } from "./run-attempt.ts";

/** An attempt of an earlier agent that is held again; sees it to its end. @param freed called when its slot is free. */
export type Adopted = (freed: () => void) => Promise<void>;

/**
 * Takes up an attempt that an earlier agent began, where that is wanted and possible. It is announced from now on.
 * Undefined: it is to be ended.
 */
export async function adoptAttempt(
  host: AttemptHost,
  dir: AttemptDir,
  record: AttemptRecord,
): Promise<Adopted | undefined> {
  if (record.onRestart !== "adopt" || record.bootId === "" || record.bootId !== bootId()) return undefined;
  const lease = { id: record.taskId, fencingToken: BigInt(record.token) };
  const life = beginLife(host, dir, { ...lease, graceMs: record.graceMs, timeoutMs: record.timeoutMs });
  const seeToItsEnd = await firstOf(host, life, dir, record).catch((error: unknown) => {
    host.logger.error({ task: record.taskId, error }, "an attempt of an earlier agent cannot be adopted");
    return undefined;
  });
  if (seeToItsEnd === undefined) {
    host.held.remove(lease);
    life.output.close();
    return undefined;
  }
  host.logger.warn(
    { task: record.taskId, attempt: record.attempt, pid: record.process?.pid },
    "an attempt of an earlier agent was adopted",
  );
  host.turnstile.occupy();
  return async (freed) => {
    life.started(record.startedAt, sinceBoot() - record.startedTick);
    const ending = await seeToItsEnd().catch((error: unknown) => brokenEnding(host, record.taskId, error));
    host.turnstile.leave();
    await life.conclude(ending, { startedAt: record.startedAt }, freed);
  };
}

async function firstOf(host: AttemptHost, life: AttemptLife, dir: AttemptDir, record: AttemptRecord) {
  const { taskId: id, token, line, process } = record;
  const { path, taskPath } = dir;
  const left = {
    ...life.voice,
    id,
    token,
    path,
    taskPath,
    line,
    process,
    errors: life.output.errors(),
    secretNames: record.secretNames ?? [],
    stop: life.stop,
  };
  for (const executor of host.executors) {
    const seeToItsEnd = await executor.adopt(left);
    if (seeToItsEnd !== undefined) return seeToItsEnd;
  }
  return undefined;
}
