import type { TaskHead } from "../../coordinator/ports/rows.ts";

/** A head that asks for nothing. */
export function headOf(fields: Partial<TaskHead> & { readonly seq: number }): TaskHead {
  return {
    shard: 0,
    lane: 1,
    seg: 1,
    createdAt: fields.seq,
    runAt: 0,
    expiresAt: 0,
    timeoutMs: 0,
    maxAttempts: 1,
    spec: new Uint8Array(0),
    ...fields,
  };
}
