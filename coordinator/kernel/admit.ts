import { createHash } from "node:crypto";
import { clone, toBinary } from "@bufbuild/protobuf";
import { type TaskSpec, TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { type LaneKey, writeLaneKey } from "./lane-key.ts";
import { DEFAULT_QUEUE } from "./plain-task.ts";
import type { ReceivedTask } from "./received-task.ts";
import { maxAttempts, type RetryDefaults } from "./retry.ts";
import { durationMs, timestampMs } from "./time.ts";

/** A valid task on its way in: its spec read into what the engine and the rows need, defaults applied. */
export interface Admission {
  readonly laneKey: string;
  readonly queue: string;
  readonly runAt: number;
  readonly expiresAt: number;
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly retryOf: string;
  readonly spec: Uint8Array;
  readonly idempotency: Idempotency | null;
}

export interface Idempotency {
  readonly key: string;
  /** SHA-256 of the body without the key itself and the trace. */
  readonly hash: Uint8Array;
  readonly ttlMs: number;
}

export interface SpecDefaults {
  readonly retry: RetryDefaults;
  /** 0: none. */
  readonly timeoutMs: number;
}

const NO_LABELS: readonly string[] = [];

/** @param task its spec, if it is decoded, has passed checkSpec. */
export function admitReceived(task: ReceivedTask, now: number, defaults: SpecDefaults): Admission {
  if (task.plain === undefined) return admit(task.spec, task.bytes, now, defaults);
  const { kind, name, timeoutMs } = task.plain;
  return {
    laneKey: kind.laneKey,
    queue: kind.queue,
    runAt: 0,
    expiresAt: 0,
    timeoutMs: timeoutMs ?? defaults.timeoutMs,
    maxAttempts: maxAttempts(undefined, defaults.retry),
    name,
    type: kind.type,
    labels: NO_LABELS,
    retryOf: "",
    spec: task.bytes,
    idempotency: null,
  };
}

/**
 * @param spec has passed checkSpec.
 * @param bytes the spec as the client sent it.
 */
export function admit(spec: TaskSpec, bytes: Uint8Array, now: number, defaults: SpecDefaults, retryOf = ""): Admission {
  const runAt = startTime(spec, now);
  const queue = spec.queue === "" ? DEFAULT_QUEUE : spec.queue;
  const labels = Object.entries(spec.labels);
  return {
    laneKey: laneKeyText(queue, spec),
    queue,
    runAt,
    expiresAt: spec.expires === undefined ? 0 : (runAt || now) + durationMs(spec.expires),
    timeoutMs: spec.timeout === undefined ? defaults.timeoutMs : durationMs(spec.timeout),
    maxAttempts: maxAttempts(spec.retry, defaults.retry),
    name: spec.name,
    type: spec.type,
    labels: labels.length === 0 ? NO_LABELS : labels.map(([name, value]) => `${name}=${value}`).sort(),
    retryOf,
    spec: bytes,
    idempotency: idempotencyOf(spec),
  };
}

/** 0: at once. */
function startTime(spec: TaskSpec, now: number): number {
  if (spec.delay !== undefined) {
    const delay = durationMs(spec.delay);
    return delay > 0 ? now + delay : 0;
  }
  if (spec.runAt === undefined) return 0;
  const at = timestampMs(spec.runAt);
  return at > now ? at : 0;
}

export function hasSecrets(spec: TaskSpec): boolean {
  for (const _ in spec.secrets) return true;
  return false;
}

function isConfined({ user, umask, limits }: TaskSpec): boolean {
  for (const _ in limits) return true;
  return user !== "" || umask !== "";
}

/** The common lane needs no sorting of maps. */
function laneKeyText(queue: string, spec: TaskSpec): string {
  const key: LaneKey = {
    queue,
    priority: spec.priority,
    fairness: spec.fairnessKey,
    needs: {
      ...{ type: spec.type, selector: spec.selector, resources: spec.resources },
      ...{ secrets: hasSecrets(spec), confined: isConfined(spec) },
    },
    locks: spec.locks.map(({ name, permits }) => ({ name, permits: permits || 1 })),
  };
  return writeLaneKey(key);
}

function idempotencyOf(spec: TaskSpec): Idempotency | null {
  if (spec.idempotencyKey === "") return null;
  return {
    key: spec.idempotencyKey,
    hash: bodyHash(spec),
    ttlMs: spec.idempotencyTtl === undefined ? LIMITS.idempotencyTtlDefaultMs : durationMs(spec.idempotencyTtl),
  };
}

/** Two bodies are the same when every field is; the order of map entries on the wire says nothing. */
function bodyHash(spec: TaskSpec): Uint8Array {
  const body = clone(TaskSpecSchema, spec);
  body.idempotencyKey = "";
  body.idempotencyTtl = undefined;
  body.traceparent = "";
  const fields = body as unknown as Record<string, Record<string, unknown>>;
  for (const { fieldKind, localName } of TaskSpecSchema.fields) {
    if (fieldKind !== "map") continue;
    const entries = Object.entries(fields[localName] ?? {});
    entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    fields[localName] = Object.fromEntries(entries);
  }
  return createHash("sha256").update(toBinary(TaskSpecSchema, body)).digest();
}
