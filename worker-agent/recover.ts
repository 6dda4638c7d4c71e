import { AttemptOutcome, TaskReason } from "../proto/gen/tss/v1/task_pb.js";
import type { OutcomeReport } from "../proto/gen/tss/v1/worker_service_pb.js";
import { type Adopted, adoptAttempt } from "./adopt-attempt.ts";
import { openOutput } from "./attempt-output.ts";
import { createDelivery } from "./delivery.ts";
import type { AttemptDir, AttemptRecord } from "./journal/attempt-dir.ts";
import { type Leftover, readLeftovers } from "./journal/leftovers.ts";
import type { Verdict } from "./outcome.ts";
import { bootId } from "./processes/identity.ts";
import { endLeftGroup } from "./processes/left-group.ts";
import { sweepMarked } from "./processes/sweep.ts";
import { outcomeReport } from "./report.ts";
import type { AttemptHost } from "./run-attempt.ts";

type Lease = { readonly id: string; readonly fencingToken: bigint };

/** What is to be done when there is a session. */
export interface Recovered {
  /** Attempts that go on. */
  readonly adopted: readonly Adopted[];
  /** Outcomes that are still to be delivered. */
  readonly deliveries: (() => Promise<void>)[];
}

/**
 * Takes up what an agent that is gone left running, or ends it and judges it lost, and holds it and every outcome that was
 * not acknowledged, so that the session announces them.
 * @param sameBoot false: the machine was started anew since, and what was not forced to its disk may be missing.
 */
export async function recoverAttempts(host: AttemptHost, sameBoot: boolean): Promise<Recovered> {
  const adopted: Adopted[] = [];
  const deliveries: (() => Promise<void>)[] = [];
  const recover = async (leftover: Leftover): Promise<void> => {
    if (leftover.kind === "running") {
      const attempt = await adoptAttempt(host, leftover.dir, leftover.record).catch((error: unknown) => {
        host.logger.error({ task: leftover.record.taskId, error }, "an attempt of an earlier agent cannot be adopted");
        return undefined;
      });
      if (attempt !== undefined) return void adopted.push(attempt);
    }
    const delivery = await recoverOutcome(host, leftover, sameBoot);
    if (delivery !== undefined) deliveries.push(delivery);
  };
  const each = readLeftovers(host.attemptsPath).map((leftover) =>
    recover(leftover).catch((error: unknown) => {
      // It stays where it is; the others go on.
      host.logger.error({ path: leftover.dir.path, error }, "what an earlier agent left cannot be read");
    }),
  );
  await Promise.all(each);
  return { adopted, deliveries };
}

async function recoverOutcome(
  host: AttemptHost,
  leftover: Leftover,
  sameBoot: boolean,
): Promise<(() => Promise<void>) | undefined> {
  const { dir } = leftover;
  switch (leftover.kind) {
    case "unbegun": {
      const { lease } = dir;
      if (lease !== undefined) return holdVerdict(host, dir, lease, unbegunVerdict(host.agentName, sameBoot));
      await dir.remove();
      return undefined;
    }
    case "ended": {
      const { report } = leftover;
      return hold(host, dir, report, async () => report);
    }
    case "running": {
      const { record } = leftover;
      const mark = { taskId: record.taskId, token: record.token };
      const cell = host.containment.find(dir.path);
      await endLeftGroup(record.process, mark);
      const survivors = (await cell.kill()) + (await sweepMarked(mark));
      await cell.close();
      const { taskId: id, attempt, startedAt } = record;
      host.logger.warn({ task: id, attempt, survivors }, "an attempt of an earlier agent was ended");
      const lease = { id, fencingToken: BigInt(record.token) };
      return holdVerdict(host, dir, lease, { ...lostVerdict(host.agentName, record), survivors }, startedAt);
    }
  }
}

function unbegunVerdict(agentName: string, sameBoot: boolean): Verdict {
  if (!sameBoot)
    return lost(`The machine of agent ${agentName} was started anew; whether the attempt ran is not known.`);
  const message = `Agent ${agentName} was restarted before the attempt started.`;
  return { outcome: AttemptOutcome.RELEASED, reason: TaskReason.UNSPECIFIED, message, survivors: 0 };
}

function lostVerdict(agentName: string, { onRestart, bootId: boot }: AttemptRecord): Verdict {
  if (boot !== bootId()) return lost(`The machine of agent ${agentName} was started anew while the attempt ran.`);
  return onRestart === "adopt"
    ? lost(`Agent ${agentName} was restarted, and the launcher of the command was gone: nobody knows how it ended.`)
    : lost(`Agent ${agentName} was restarted while the attempt ran, and ended it as the task asks (on_agent_restart).`);
}

function lost(message: string): Verdict {
  return { outcome: AttemptOutcome.FAILED, reason: TaskReason.LOST, message, survivors: 0 };
}

function holdVerdict(
  host: AttemptHost,
  dir: AttemptDir,
  lease: Lease,
  verdict: Verdict,
  startedAt?: number,
): () => Promise<void> {
  return hold(host, dir, lease, async (outputBytes) => {
    const begun = startedAt === undefined ? {} : { startedAt };
    const report = outcomeReport({ ...lease, ...begun, endedAt: host.clock.now(), outputBytes }, verdict);
    await dir.keepOutcome(report);
    return report;
  });
}

function hold(
  host: AttemptHost,
  dir: AttemptDir,
  { id, fencingToken }: Lease,
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
