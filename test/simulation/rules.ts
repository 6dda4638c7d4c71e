import { AttemptOutcome, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import type { SimCoordinator } from "./coordinator.ts";
import type { House } from "./house.ts";
import type { Written } from "./journal.ts";
import type { Ledger, Run } from "./ledger.ts";
import type { SimWorker } from "./worker.ts";
import { Violation } from "./world.ts";

/** What must hold when the storm is over and everything that can end has ended. */
export function checkEnd(house: House, ledger: Ledger): void {
  for (const [id, name] of ledger.acked) {
    const written = house.writtenOf(id);
    if (written === undefined) throw new Violation("lost-task", `${name} was accepted as ${id} and was never written`);
    if (written.task.name !== name)
      throw new Violation("same-answer", `${name} was answered with the id of ${written.task.name}`);
    if (written.end === null) throw new Violation("ends", `${name} (${id}) has not ended`);
  }
  for (const id of ledger.cancelled) {
    const status = house.writtenOf(id)?.end?.status;
    if (status !== TaskStatus.CANCELLED)
      throw new Violation(
        "cancel",
        `the cancel of ${id} was answered with changed, and it ended with status ${status}`,
      );
  }
  for (const [id, runs] of ledger.runs) checkRuns(id, runs, house.writtenOf(id));
  for (const coordinator of house.owners) checkMemory(house, coordinator);
}

function checkRuns(id: string, runs: readonly Run[], written: Written | undefined): void {
  if (written === undefined) throw new Violation("invented", `${id} was run and never written`);
  const { task, end } = written;
  // What was given back untouched was no run; the worker said so.
  const counted = runs.filter(({ outcome }) => outcome !== AttemptOutcome.RELEASED);
  const leases = new Map(written.events.filter(({ kind }) => kind === 1).map((event) => [event.ord, event]));
  const attempts = new Set<number>();
  for (const { token, attempt, accepted } of counted) {
    if (!leases.has(token))
      throw new Violation("uncommitted", `${task.name} ran under ${token}, which is in no commit`);
    if (attempts.has(attempt))
      throw new Violation("attempts", `attempt ${attempt} of ${task.name} (${id}) was run twice`);
    attempts.add(attempt);
    if (accepted?.outcome !== AttemptOutcome.SUCCEEDED || written.cancelRequested) continue;
    if (end?.status !== TaskStatus.SUCCEEDED || end.token !== token)
      throw new Violation(
        "accepted",
        `${task.name}: success under ${token} was accepted, the end says ${end?.status} ${end?.token}`,
      );
  }
  if (counted.length > task.maxAttempts)
    throw new Violation("attempts", `${task.name} (${id}) was run ${counted.length} times of ${task.maxAttempts}`);
}

/** A coordinator believes that a worker would take what it would take. */
export function checkCredit(house: House, workers: readonly SimWorker[]): void {
  for (const { sessionId, offered, connection, process } of workers) {
    const session = connection?.coordinator.engine?.state.sessions.get(sessionId);
    if (
      session?.stream == null ||
      !house.owners.some(({ engine }) => engine?.state.sessions.get(sessionId) === session)
    )
      continue;
    if (session.credit !== offered)
      throw new Violation("credit", `${process.name} offers ${offered}, its session has ${session.credit}`);
  }
}

/** Nothing that has ended is left in memory, and the counters say what the commits say. */
function checkMemory({ journal }: House, { name, engine }: SimCoordinator): void {
  if (engine === null) return;
  const { state } = engine;
  const sum = { submitted: 0, succeeded: 0, failed: 0, cancelled: 0 };
  for (const shard of state.shards)
    for (const totals of shard.totals.values())
      for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += totals[key];
  for (const key of Object.keys(sum) as (keyof typeof sum)[])
    if (sum[key] !== journal.totals[key])
      throw new Violation("counts", `${name} counts ${sum[key]} ${key}, the commits say ${journal.totals[key]}`);
  const left: string[] = [];
  if (state.items.size > 0) left.push(`${state.items.size} items`);
  // A read that is under way has its room already.
  const isReading = [...state.lanes.values()].some((lane) => [...lane.windows()].some(({ refilling }) => refilling));
  if (!isReading && (state.memory.heads !== 0 || state.memory.bytes !== 0))
    left.push(`${state.memory.heads} heads of ${state.memory.bytes} bytes`);
  for (const lane of state.lanes.values()) {
    for (const [shard, open] of lane.open)
      if (open !== 0) left.push(`${open} open in lane ${lane.id} of shard ${shard}`);
    if (lane.returned.length > 0) left.push(`${lane.returned.length} returned in lane ${lane.id}`);
  }
  for (const { id, held } of state.sessions.values()) if (held.size > 0) left.push(`${held.size} held by ${id}`);
  if (left.length > 0) throw new Violation("leak", `${name} has ${left.join(", ")} though everything has ended`);
}
