import { create } from "@bufbuild/protobuf";
import { TssError } from "../../../proto/errors.ts";
import {
  type GetSecretsRequest,
  type GetSecretsResponse,
  GetSecretsResponseSchema,
} from "../../../proto/gen/tss/v1/worker_service_pb.js";
import { LIMITS } from "../../../proto/limits.ts";
import { type Item, specOf } from "../../engine/item.ts";
import { reading } from "../../engine/reading.ts";
import { type EngineState, itemAt } from "../../engine/state.ts";
import { readId } from "../find-task.ts";
import type { Caller } from "../operations.ts";
import { openSecret } from "./envelope.ts";
import type { MasterKeys } from "./master-keys.ts";
import { SECRET_REFUSALS } from "./secret-refusals.ts";

/**
 * The values for an attempt, to the worker that holds it and to nobody else.
 * @throws TssError FAILED_PRECONDITION, naming the secret: it is gone, not for this queue, or cannot be opened; UNAVAILABLE
 * while it is not known who holds the attempt.
 */
export async function getSecrets(
  state: EngineState,
  masters: MasterKeys,
  caller: Caller,
  { id, fencingToken }: GetSecretsRequest,
): Promise<GetSecretsResponse> {
  const item = itemAt(state, readId(state, id));
  requireHolder(item, Number(fencingToken), caller);
  const { secrets } = specOf(item.head);
  const { queue } = item.lane.key;
  const rows = await reading(() => state.store.catalog.secretsNamed([...new Set(Object.values(secrets))]));
  const values: Record<string, string> = {};
  let bytes = 0;
  for (const [variable, name] of Object.entries(secrets)) {
    const row = rows.find((candidate) => candidate.name === name);
    if (row === undefined) throw SECRET_REFUSALS.missing(name);
    if (row.queues.length > 0 && !row.queues.includes(queue)) throw SECRET_REFUSALS.otherQueue(row, queue);
    const value = openSecret(row, masters);
    bytes += Buffer.byteLength(value);
    if (bytes > LIMITS.secretBytes) throw SECRET_REFUSALS.tooLarge();
    values[variable] = value;
  }
  return create(GetSecretsResponseSchema, { values });
}

function requireHolder(item: Item | undefined, token: number, { keyId }: Caller): asserts item is Item {
  const attempt = item?.state === "running" && item.token === token ? item.attempt : null;
  if (attempt?.session === null)
    throw new TssError("UNAVAILABLE", "The worker of this attempt has not announced it here yet: ask again.", {
      reason: "NOT_ANNOUNCED",
      retryAfterMs: 200,
    });
  if (attempt?.session.keyId !== keyId)
    throw new TssError("FAILED_PRECONDITION", "The attempt is not held by a worker with this key, or is over.", {
      reason: "NOT_HELD",
    });
}
