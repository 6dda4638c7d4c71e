import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { TaskReason } from "../proto/gen/tss/v1/task_pb.js";
import { type Clock, systemClock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { Settings } from "../runtime/settings-table.ts";
import { noTracer, type TaskTracer } from "../runtime/tracing.ts";
import { aborted, within } from "../runtime/wait.ts";
import type { OpenWorkSession, WorkSession } from "../sdk/typescript/worker/work-session-types.ts";
import { openContainment } from "./containment/open-containment.ts";
import { createCommandExecutor } from "./executors/command/command-executor.ts";
import { createFifoPool } from "./executors/command/fifo-pool.ts";
import { installLauncher } from "./executors/command/launcher.ts";
import { createFloor } from "./floor.ts";
import { createHeldAttempts } from "./held.ts";
import { makePassable } from "./journal/given-folder.ts";
import { type DirectoryLock, lockDirectory } from "./journal/lock.ts";
import { readPolicy } from "./policy.ts";
import { bootId } from "./processes/identity.ts";
import { recoverAttempts } from "./recover.ts";
import type { AttemptHost } from "./run-attempt.ts";
import type { SecretSource } from "./secrets.ts";
import { createTurnstile } from "./turnstile.ts";
import { hasOthers, readUserPolicy } from "./users/read-user-policy.ts";
import { watchContact } from "./watch-contact.ts";
import { workerInfo } from "./worker-info.ts";

export interface AgentOptions {
  readonly settings: Settings;
  readonly openSession: OpenWorkSession;
  /** Is closed with the agent. */
  readonly secrets: SecretSource;
  readonly logger: Logger;
  /** Version of the program, shown to operators. */
  readonly version: string;
  readonly clock?: Clock;
  /** Stays open: whoever made it closes it after the agent. Absent: attempts are not traced. */
  readonly tracer?: TaskTracer;
  /** Environment that tasks start from; the names of TSS in it do not reach them. Absent: that of this process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface Agent {
  readonly name: string;
  /**
   * Takes nothing more, waits for what runs and leaves.
   * @param hurry when aborted, what runs is ended, each attempt with at most 2 s between SIGTERM and SIGKILL, and given
   * back. Absent: after TSS_DRAIN_TIMEOUT.
   */
  drain(hurry?: AbortSignal): Promise<void>;
  /**
   * Leaves before the machine does. Nothing more is taken; a command is asked to end when its own grace is all that is left,
   * and what has not ended a little before the deadline is ended and given back.
   * @param leftMs how long the machine is still there.
   */
  leaveWithin(leftMs: number): Promise<void>;
  /** Leaves at once and everything running to the next agent of the directory. */
  handOver(): Promise<void>;
  /** Ends what runs at once and leaves. Outcomes that are not acknowledged stay in the directory for the next agent. */
  close(): Promise<void>;
}

/** How long an agent that leaves in order, and one that leaves at once, waits for its last reports to be acknowledged. */
const LAST_REPORTS_MS = 5_000;
const LAST_REPORTS_AT_ONCE_MS = 1_000;
/** Kept of the time before a machine goes away, for the last reports. */
const DEPARTURE_MS = 2_000;
/** Between SIGTERM and SIGKILL when the agent is in a hurry: its supervisor will not wait longer. */
const HURRY_GRACE_MS = 2_000;

/**
 * Starts an agent: takes its directory, goes on with what an earlier agent left running or ends it, opens its session and offers its slots.
 * @throws TssError FAILED_PRECONDITION when another agent has the directory.
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const directory = resolve(options.settings.TSS_WORKER_DIR ?? "./.tss/agent");
  const lock = lockDirectory(directory);
  try {
    return await startIn(directory, lock, options);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function startIn(directory: string, lock: DirectoryLock, options: AgentOptions): Promise<Agent> {
  const { settings, logger } = options;
  const clock = options.clock ?? systemClock;
  const worker = workerInfo(settings, options.version);
  const attemptsPath = join(directory, "attempts");
  mkdirSync(attemptsPath, { recursive: true, mode: 0o700 });

  if (hasOthers(settings)) makePassable(directory, attemptsPath);

  let session: WorkSession;
  const held = createHeldAttempts();
  const containment = openContainment(settings.TSS_AGENT_CONTAINMENT, logger);
  logger.info({ containment: containment.mode }, containment.sentence);
  const executor = createCommandExecutor({
    containment,
    launcher: installLauncher(directory),
    agentName: worker.name,
    policy: readPolicy(settings),
    users: await readUserPolicy(settings, worker.name),
    environment: options.environment ?? process.env,
    pipes: createFifoPool(join(directory, "pipes")),
  });
  const host: AttemptHost = {
    agentName: worker.name,
    attemptsPath,
    logLimit: settings.TSS_LOG_LIMIT,
    clock,
    logger,
    tracer: options.tracer ?? noTracer,
    held,
    turnstile: createTurnstile(worker.slots),
    executors: [executor],
    containment,
    secrets: options.secrets,
    session: () => session,
  };
  const floor = createFloor(host, worker.slots);
  const sameBoot = lock.before === undefined || lock.before.bootId === bootId();
  const { adopted, deliveries } = await recoverAttempts(host, sameBoot);

  const watch = watchContact(
    { directory, clock, adopts: adopted.length > 0 },
    { heardAt: () => session.heardAt() },
    () => held.all().length > 0,
    (graceMs) => {
      if (held.all().length === 0) return;
      logger.error(
        { held: held.all().length },
        "no contact with the coordinator: what runs is ended before its lease is",
      );
      floor.endAll("lost", (own) => Math.min(own, graceMs));
    },
  );
  const fence = (lease: { readonly id: string; readonly fencingToken: bigint }): void => {
    if (held.get(lease)?.stop !== undefined)
      logger.warn({ task: lease.id }, "an attempt is ended at once: its lease is somebody else's");
    held.fence(lease);
  };
  session = options.openSession({
    worker,
    held: () => held.all(),
    events: {
      onConnected(leaseTtlMs, refused) {
        watch.connected(leaseTtlMs);
        for (const lease of refused) fence(lease);
        for (const attempt of held.all()) attempt.resend();
        for (const deliver of deliveries.splice(0)) floor.keep(deliver());
        floor.resume();
      },
      onLease: floor.lease,
      onCancel: (order) => (order.reason === TaskReason.LOST ? fence(order) : floor.cancel(order)),
      onLogAck: held.acknowledgeLog,
      onOutcomeAck: (ack) => held.get(ack)?.delivery.acknowledge(ack.accepted),
      onDrain: floor.pause,
    },
  });

  for (const attempt of adopted) floor.adopt(attempt);
  floor.offerSlots();

  let closing: Promise<void> | undefined;
  const leave = async (): Promise<void> => {
    floor.drain();
    floor.endAll("drained", () => 0);
    await floor.ended();
    await within(floor.settled(), LAST_REPORTS_AT_ONCE_MS);
    for (const attempt of held.all()) attempt.delivery.close();
    await floor.settled();
    watch.close();
    await session.close();
    options.secrets.close();
    await executor.close();
    lock.release();
  };
  const close = (): Promise<void> => {
    closing ??= leave();
    return closing;
  };
  return {
    name: worker.name,
    close,
    async leaveWithin(leftMs) {
      const endMs = Math.max(0, leftMs - DEPARTURE_MS);
      logger.warn(
        { leftMs, running: held.all().length },
        "the machine goes away: what runs is ended before, and given back",
      );
      floor.drain();
      floor.tellDeadline(clock.now() + endMs);
      floor.endWithin("drained", endMs);
      await floor.ended();
      await within(floor.settled(), DEPARTURE_MS);
      await close();
    },
    async handOver() {
      floor.drain();
      logger.warn({ running: held.all().length }, "the agent leaves what runs to the next one");
      watch.close();
      await within(session.close(), LAST_REPORTS_AT_ONCE_MS);
      options.secrets.close();
      lock.release();
    },
    async drain(hurry = AbortSignal.timeout(settings.TSS_DRAIN_TIMEOUT)) {
      floor.drain();
      floor.tellDeadline(clock.now() + settings.TSS_DRAIN_TIMEOUT);
      const ended = floor.ended();
      await Promise.race([ended, aborted(hurry)]);
      if (hurry.aborted) floor.endAll("drained", (own) => Math.min(own, HURRY_GRACE_MS));
      await ended;
      await within(floor.settled(), LAST_REPORTS_MS);
      await close();
    },
  };
}
