import { TssError } from "../../proto/errors.ts";
import type { AttemptReport, AttemptStart } from "../kernel/attempt-report.ts";
import { epochOf } from "../kernel/task-ref.ts";
import { StoreRestoredError } from "../ports/store-errors.ts";
import { type EngineState, isForeign } from "./state.ts";

/**
 * A token that this owner has not given, and nobody before it, is of a later owner, or of a time that the database was set
 * back behind (docs/decisions/0036). Which of them it is the store knows; until then nothing may follow from a message that
 * has one: neither is what it says accepted, nor is anything it holds taken away.
 */
export interface ForeignToken {
  readonly shard: number;
  readonly token: number;
}

const NONE: readonly never[] = [];

interface Lease {
  readonly id: string;
  readonly fencingToken: bigint;
}

interface Holding {
  readonly held: readonly Lease[];
}

/** What a worker says that has tokens in it. */
export interface Said {
  readonly hello?: Holding | undefined;
  readonly announcements?: readonly Holding[];
  readonly outcomes?: readonly AttemptReport[];
  readonly starts?: readonly AttemptStart[];
  readonly progress?: readonly Lease[];
  readonly logs?: readonly Lease[];
}

/** The first token of a message that is neither of this owner nor of one before; undefined: there is none. */
export function foreignTokenIn(state: EngineState, said: Said): ForeignToken | undefined {
  const { hello, announcements = NONE, outcomes = NONE, starts = NONE, progress = NONE, logs = NONE } = said;
  for (const { held } of hello === undefined ? announcements : [hello, ...announcements]) {
    const found = firstForeign(state, held, 0);
    if (found !== undefined) return found;
  }
  // Of reports there are as many as tasks: an id is read only where the epoch is above that of some shard.
  for (const reports of [outcomes, starts, progress, logs]) {
    const found = firstForeign(state, reports, state.shards.lowestEpoch);
    if (found !== undefined) return found;
  }
  return undefined;
}

function firstForeign(
  state: EngineState,
  leases: readonly (Lease | Pick<AttemptReport, "id" | "token">)[],
  above: number,
): ForeignToken | undefined {
  for (const lease of leases) {
    const token = "token" in lease ? lease.token : Number(lease.fencingToken);
    if (epochOf(token) <= above) continue;
    const found = foreignToken(state, lease.id, token);
    if (found !== undefined) return found;
  }
  return undefined;
}

function foreignToken(state: EngineState, id: string, token: number): ForeignToken | undefined {
  const ref = state.ids.decode(id);
  return ref !== null && isForeign(state, ref.shard, token) ? { shard: ref.shard, token } : undefined;
}

/**
 * Finds out whose the token is: this owner's database may be older than the world, and then it stops.
 * @param who says so, as the begin of a sentence.
 * @returns what to tell: come again. A message that is repeated is looked at anew.
 */
export function doubt(state: EngineState, who: string, { shard, token }: ForeignToken): TssError {
  const owner = state.shards.find(shard);
  const foreign = epochOf(token);
  if (owner !== undefined)
    state.store.distrust({ shard, epoch: owner.epoch }, foreign).then(
      (isOlder) => {
        const said = `${who} holds the fencing token ${token} of epoch ${foreign}`;
        if (isOlder) state.lost(new StoreRestoredError(said));
        else state.logger.info({ shard, epoch: owner.epoch, foreign }, "a token of a later owner was shown");
      },
      (error: Error) =>
        state.logger.warn({ error: error.message }, "whose a token is cannot be seen; it will be shown again"),
    );
  return new TssError(
    "UNAVAILABLE",
    "A token that this coordinator has not given is looked at first; send the same again.",
    { reason: "TOKEN_UNKNOWN", retryAfterMs: 1_000 },
  );
}
