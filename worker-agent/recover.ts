import { AttemptOutcome, TaskReason } from "../proto/gen/tss/v1/task_pb.js";
import type { OutcomeReport } from "../proto/gen/tss/v1/worker_service_pb.js";
import { openOutput } from "./attempt-output.ts";
import { createDelivery } from "./delivery.ts";
import type { AttemptDir, AttemptRecord } from "./journal/attempt-dir.ts";
import { type Leftover, readLeftovers } from "./journal/leftovers.ts";
import { endGroup } from "./processes/end-group.ts";
import { processGroup } from "./processes/group.ts";
import { stillRuns } from "./processes/identity.ts";
import { readStat } from "./processes/proc-stat.ts";
import { findMarked, sweepMarked } from "./processes/sweep.ts";
import { outcomeReport } from "./report.ts";
import type { AttemptHost } from "./run-attempt.ts";

/** A command that an agent left behind has this long between SIGTERM and SIGKILL: its next attempt is waiting. */
const GRACE_MS = 1_000;

/**
 * Ends what a crashed agent left running, judges it lost, and holds it and every outcome that was not acknowledged, so
 * that the session announces them. Returns the deliveries, to be started when there is a session.
 */
export async function recoverAttempts(host: AttemptHost): Promise<(() => Promise<void>)[]> {
  const recovered = await Promise.all(readLeftovers(host.attemptsPath).map((leftover) => recover(host, leftover)));
  return recovered.filter((deliver) => deliver !== undefined);
}

async function recover(host: AttemptHost, leftover: Leftover): Promise<(() => Promise<void>) | undefined> {
  const { dir } = leftover;
  switch (leftover.kind) {
    case "stale":
      await dir.remove();
      return undefined;
    case "ended": {
      const { report } = leftover;
      return hold(host, dir, report, async () => report);
    }
    case "running": {
      const { record } = leftover;
      const survivors = await endLeftover(record);
      const { taskId: id, attempt } = record;
      host.logger.warn({ task: id, attempt, survivors }, "an attempt of an earlier agent was ended");
      return hold(host, dir, { id, fencingToken: BigInt(record.token) }, async (outputBytes) => {
        const report = lostReport(host, record, survivors, outputBytes);
        await dir.keepOutcome(report);
        return report;
      });
    }
  }
}

/** Ends the process group and all that carries the attempt's mark. Returns how many had left the group. */
async function endLeftover(record: AttemptRecord): Promise<number> {
  const mark = { taskId: record.taskId, token: record.token };
  const group = await findGroup(record);
  if (group !== undefined) await endGroup(processGroup(group), AbortSignal.timeout(GRACE_MS));
  return await sweepMarked(mark);
}

/** The group's number may have been given anew: its leader or a marked member must prove that it is the attempt's. */
async function findGroup(record: AttemptRecord): Promise<number | undefined> {
  if (record.process !== undefined && stillRuns(record.process)) return record.process.pid;
  const marked = await findMarked({ taskId: record.taskId, token: record.token });
  const groups = marked.map((pid) => readStat(pid)?.group);
  if (record.process === undefined) return groups.find((group) => group !== undefined && marked.includes(group));
  return groups.find((group) => group === record.process?.pid);
}

function lostReport(host: AttemptHost, record: AttemptRecord, survivors: number, outputBytes: number): OutcomeReport {
  const endedAt = host.clock.now();
  return outcomeReport(
    { id: record.taskId, fencingToken: BigInt(record.token), startedAt: record.startedAt, endedAt, outputBytes },
    {
      outcome: AttemptOutcome.FAILED,
      reason: TaskReason.LOST,
      message: `Agent ${host.agentName} ended without finishing the attempt; after its restart it stopped what still ran.`,
      survivors,
    },
  );
}

function hold(
  host: AttemptHost,
  dir: AttemptDir,
  { id, fencingToken }: { readonly id: string; readonly fencingToken: bigint },
  reportOf: (outputBytes: number) => Promise<OutcomeReport>,
): () => Promise<void> {
  const lease = { id, fencingToken };
  const output = openOutput(dir.path, lease, host);
  const delivery = createDelivery(output.shipper, (report) => host.session().outcome(report));
  host.held.add({ ...lease, shipper: output.shipper, delivery, resend: delivery.resend, graceMs: 0 });
  return async () => {
    const isDone = await delivery.deliver(await reportOf(output.finish()));
    host.held.remove(lease);
    output.close();
    if (isDone) await dir.remove();
  };
}
