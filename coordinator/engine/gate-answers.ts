import type { TaskRef } from "../kernel/task-ref.ts";

/** What a gate remembers of the first time, so that a repeat is given the same ids. */

export interface RequestAnswer {
  readonly shard: number;
  /** The un-keyed tasks of a message have consecutive numbers. */
  readonly firstSeq: number;
  /** Their lanes, run by run, in the message's order. */
  readonly runs: readonly (readonly [lane: number, count: number])[];
}

export function encodeRequestAnswer(answer: RequestAnswer): Uint8Array {
  return Buffer.from(JSON.stringify([answer.shard, answer.firstSeq, answer.runs]));
}

/** The places of the un-keyed tasks of the first message, in its order. */
export function decodeRequestAnswer(bytes: Uint8Array): TaskRef[] {
  const [shard, firstSeq, runs] = JSON.parse(Buffer.from(bytes).toString("utf8"));
  const refs: TaskRef[] = [];
  for (const [lane, count] of runs)
    for (let index = 0; index < count; index++) refs.push({ shard, lane, seq: firstSeq + refs.length });
  return refs;
}

export function encodeTaskAnswer(ref: TaskRef): Uint8Array {
  return Buffer.from(JSON.stringify([ref.shard, ref.lane, ref.seq]));
}

export function decodeTaskAnswer(bytes: Uint8Array): TaskRef {
  const [shard, lane, seq] = JSON.parse(Buffer.from(bytes).toString("utf8"));
  return { shard, lane, seq };
}
