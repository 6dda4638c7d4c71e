import { TssError } from "../../../proto/errors.ts";
import { BulkAction } from "../../../proto/gen/tss/v1/bulk_service_pb.js";
import { cancelTask } from "../../engine/cancel.ts";
import { reading } from "../../engine/reading.ts";
import type { EngineState } from "../../engine/state.ts";
import { notFound, readId } from "../find-task.ts";
import type { Caller } from "../operations.ts";
import { retryTask } from "../retry-tasks.ts";

/** What came of some tasks. Those that are in none of the lists had ended before. */
export interface Acted {
  readonly changed: number;
  /** Why each of the refused was. */
  readonly refusals: readonly string[];
  /** Cannot be done just now. */
  readonly later: readonly string[];
  /** Why not. */
  readonly problem: string;
}

/** Codes that another try may change. */
const PASSING = new Set(["UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "ABORTED"]);

export function isPassing(error: unknown): boolean {
  return error instanceof TssError && PASSING.has(error.code);
}

/** Does it to each task; answers after the commits. A task that a job `name` has run again before makes no second one. */
export async function actOnTasks(
  state: EngineState,
  action: BulkAction,
  caller: Caller,
  ids: readonly string[],
  name: string,
): Promise<Acted> {
  const act = action === BulkAction.CANCEL ? cancelOne : retryTask;
  const outcomes = await Promise.all(
    ids.map(async (id): Promise<boolean | TssError> => {
      try {
        return (await act(state, caller, id, `${name}~${id}`)) !== false;
      } catch (error) {
        if (error instanceof TssError) return error;
        throw error;
      }
    }),
  );
  const acted = { changed: 0, refusals: [] as string[], later: [] as string[], problem: "" };
  for (const [at, outcome] of outcomes.entries())
    if (outcome === true) acted.changed++;
    else if (outcome === false) continue;
    else if (!isPassing(outcome)) acted.refusals.push(outcome.message);
    else {
      acted.later.push(ids[at] as string);
      acted.problem = outcome.message;
    }
  return acted;
}

/** False: it had ended before. */
async function cancelOne(state: EngineState, caller: Caller, id: string): Promise<boolean> {
  const ref = readId(state, id);
  const outcome = await reading(() => cancelTask(state, ref, caller.keyId));
  if (outcome === "unknown") throw notFound(id);
  return outcome === "changed";
}
