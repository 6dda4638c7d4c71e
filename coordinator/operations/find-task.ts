import { TssError } from "../../proto/errors.ts";
import { reading } from "../engine/reading.ts";
import { requireAbsent } from "../engine/require-absent.ts";
import type { EngineState } from "../engine/state.ts";
import type { TaskRef } from "../kernel/task-ref.ts";
import type { StoredTask } from "../ports/rows.ts";

/** @throws TssError NOT_FOUND: an id that is malformed, forged or of another installation names no task. */
export function readId(state: EngineState, id: string): TaskRef {
  const ref = state.ids.decode(id);
  if (ref === null || ref.shard >= state.shards.count) throw notFound(id);
  return ref;
}

export async function findTask(state: EngineState, id: string): Promise<StoredTask> {
  const ref = readId(state, id);
  const stored = await reading(() => state.reader.read(ref));
  if (stored !== null) return stored;
  await requireAbsent(state, ref);
  throw notFound(id);
}

export function notFound(id: string): TssError {
  const shown = id.length > 40 ? `${id.slice(0, 40)}…` : id;
  return new TssError(
    "NOT_FOUND",
    `There is no task ${JSON.stringify(shown)}: the id is wrong, or the task is past its retention.`,
    {
      reason: "TASK_NOT_FOUND",
    },
  );
}
