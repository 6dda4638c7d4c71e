import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Duration, durationFromMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { TssError } from "../../../proto/errors.ts";
import {
  AgentRestart,
  type PayloadSchema,
  RetryBackoff,
  type TaskSpecSchema,
} from "../../../proto/gen/tss/v1/task_pb.js";
import { LIMITS } from "../../../proto/limits.ts";
import type { LockNeed, RetryOptions, TaskOptions, TaskRequest } from "./task-request.ts";

export type TaskSpecInit = MessageInitShape<typeof TaskSpecSchema>;
type PayloadInit = MessageInitShape<typeof PayloadSchema>;

const OPTIONS: { readonly [K in keyof Required<TaskOptions>]: true } = {
  name: true,
  queue: true,
  priority: true,
  delayMs: true,
  runAt: true,
  expiresMs: true,
  timeoutMs: true,
  heartbeatTimeoutMs: true,
  retry: true,
  labels: true,
  selector: true,
  resources: true,
  locks: true,
  idempotencyKey: true,
  idempotencyTtlMs: true,
  fairnessKey: true,
  cancelGraceMs: true,
  onAgentRestart: true,
  traceparent: true,
  env: true,
  secrets: true,
  workingDirectory: true,
  user: true,
  umask: true,
  limits: true,
};
const KNOWN: ReadonlySet<string> = new Set([...Object.keys(OPTIONS), "command", "argv", "type", "input"]);
const RETRY_KNOWN: ReadonlySet<string> = new Set([
  "limit",
  "intervalMs",
  "backoff",
  "factor",
  "maxIntervalMs",
  "jitter",
  "releaseLimit",
  "nonRetryableExitCodes",
] satisfies (keyof RetryOptions)[]);
const LOCK_KNOWN: ReadonlySet<string> = new Set(["name", "permits"] satisfies (keyof LockNeed)[]);
const BACKOFF = { fixed: RetryBackoff.FIXED, exponential: RetryBackoff.EXPONENTIAL } as const;
const AGENT_RESTART = { adopt: AgentRestart.ADOPT, kill: AgentRestart.KILL } as const;
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * The message for a task. The coordinator checks the limits; refused here is what would not arrive as it was meant.
 * @throws TssError INVALID_ARGUMENT for an option that does not exist, a number that is none, or broken text.
 */
export function taskSpec(request: TaskRequest, payload: PayloadInit | undefined): TaskSpecInit {
  if (typeof request !== "object" || request === null)
    throw new TssError("INVALID_ARGUMENT", 'A task is an object such as { command: "echo hi" }.', {
      reason: "INVALID_FIELD",
    });
  for (const key in request) if (!KNOWN.has(key)) throw unknownOption(key, KNOWN);
  const { delayMs, expiresMs, timeoutMs, heartbeatTimeoutMs, idempotencyTtlMs, cancelGraceMs, runAt } = request;
  const spec: TaskSpecInit = {};
  if ("command" in request) spec.command = text("command", request.command);
  if ("argv" in request) spec.argv = request.argv.map((argument, index) => text(`argv[${index}]`, argument));
  if ("type" in request) spec.type = text("type", request.type);
  spec.name = text("name", request.name ?? defaultName(request));
  if (payload !== undefined) spec.payload = payload;
  if (request.queue !== undefined) spec.queue = text("queue", request.queue);
  if (request.priority !== undefined) spec.priority = whole("priority", request.priority);
  if (delayMs !== undefined) spec.delay = duration("delayMs", delayMs);
  if (expiresMs !== undefined) spec.expires = duration("expiresMs", expiresMs);
  if (timeoutMs !== undefined) spec.timeout = duration("timeoutMs", timeoutMs);
  if (heartbeatTimeoutMs !== undefined) spec.heartbeatTimeout = duration("heartbeatTimeoutMs", heartbeatTimeoutMs);
  if (idempotencyTtlMs !== undefined) spec.idempotencyTtl = duration("idempotencyTtlMs", idempotencyTtlMs);
  if (cancelGraceMs !== undefined) spec.cancelGrace = duration("cancelGraceMs", cancelGraceMs);
  if (runAt !== undefined) {
    if (Number.isNaN(runAt.getTime())) throw invalid("runAt", "is not a date.");
    spec.runAt = timestampFromDate(runAt);
  }
  if (request.retry !== undefined) spec.retry = retryPolicy(request.retry);
  if (request.labels !== undefined) spec.labels = texts("labels", request.labels);
  if (request.selector !== undefined) spec.selector = texts("selector", request.selector);
  if (request.env !== undefined) spec.env = texts("env", request.env);
  if (request.secrets !== undefined) spec.secrets = texts("secrets", request.secrets);
  if (request.resources !== undefined) spec.resources = { ...request.resources };
  if (request.locks !== undefined) spec.locks = lockNeeds(request.locks);
  if (request.onAgentRestart !== undefined) spec.onAgentRestart = agentRestart(request.onAgentRestart);
  if (request.idempotencyKey !== undefined) spec.idempotencyKey = text("idempotencyKey", request.idempotencyKey);
  if (request.fairnessKey !== undefined) spec.fairnessKey = text("fairnessKey", request.fairnessKey);
  if (request.workingDirectory !== undefined)
    spec.workingDirectory = text("workingDirectory", request.workingDirectory);
  if (request.user !== undefined) spec.user = text("user", request.user);
  if (request.umask !== undefined) spec.umask = text("umask", request.umask);
  if (request.limits !== undefined) spec.limits = amounts("limits", request.limits);
  const traceparent = request.traceparent ?? inheritedTrace();
  if (traceparent !== undefined) spec.traceparent = text("traceparent", traceparent);
  return spec;
}

function defaultName(request: TaskRequest): string {
  if ("type" in request) return request.type;
  const line = "argv" in request ? request.argv.join(" ") : request.command;
  const first = String(line).trim().split("\n", 1)[0] ?? "";
  if (first.length <= LIMITS.nameCharacters) return first.replace(/\p{Cc}/gu, " ");
  return [...first.replace(/\p{Cc}/gu, " ")].slice(0, LIMITS.nameCharacters).join("");
}

function agentRestart(given: string): AgentRestart {
  if (given === "adopt" || given === "kill") return AGENT_RESTART[given];
  throw invalid("onAgentRestart", `is ${JSON.stringify(given)}; it is "adopt" or "kill".`);
}

function retryPolicy(retry: RetryOptions): NonNullable<TaskSpecInit["retry"]> {
  for (const key in retry) if (!RETRY_KNOWN.has(key)) throw unknownOption(`retry.${key}`, RETRY_KNOWN);
  const { limit, intervalMs, backoff, factor, maxIntervalMs, jitter, nonRetryableExitCodes: codes } = retry;
  const { releaseLimit } = retry;
  if (backoff !== undefined && BACKOFF[backoff] === undefined)
    throw invalid("retry.backoff", `is ${JSON.stringify(backoff)}; it is "fixed" or "exponential".`);
  return {
    ...(limit === undefined ? {} : { limit: whole("retry.limit", limit, 0) }),
    ...(intervalMs === undefined ? {} : { interval: duration("retry.intervalMs", intervalMs) }),
    ...(backoff === undefined ? {} : { backoff: BACKOFF[backoff] }),
    ...(factor === undefined ? {} : { factor }),
    ...(maxIntervalMs === undefined ? {} : { maxInterval: duration("retry.maxIntervalMs", maxIntervalMs) }),
    ...(jitter === undefined ? {} : { jitter }),
    ...(releaseLimit === undefined ? {} : { releaseLimit: whole("retry.releaseLimit", releaseLimit, 0) }),
    ...(codes === undefined
      ? {}
      : { nonRetryableExitCodes: codes.map((code) => whole("retry.nonRetryableExitCodes", code)) }),
  };
}

function lockNeeds(needs: NonNullable<TaskOptions["locks"]>): NonNullable<TaskSpecInit["locks"]> {
  if (!Array.isArray(needs)) throw invalid("locks", 'is no list; it is one such as ["deploy"].');
  return needs.map((need: string | LockNeed, index) => {
    const field = `locks[${index}]`;
    if (typeof need !== "object" || need === null) return { name: text(field, need) };
    for (const key in need) if (!LOCK_KNOWN.has(key)) throw unknownOption(`${field}.${key}`, LOCK_KNOWN);
    const { name, permits = 0 } = need;
    return { name: text(`${field}.name`, name), permits: whole(`${field}.permits`, permits, 0) };
  });
}

/** Only what W3C Trace Context allows is taken from the environment: others' mistakes refuse no task. */
function inheritedTrace(): string | undefined {
  const inherited = process.env["TRACEPARENT"];
  return inherited !== undefined && TRACEPARENT.test(inherited) ? inherited : undefined;
}

function text(name: string, value: string): string {
  if (typeof value !== "string") throw invalid(name, `is ${typeof value}; it is a text.`);
  // The encoder would put U+FFFD in the place of half a surrogate pair.
  if (!value.isWellFormed()) throw invalid(name, "has half of a surrogate pair; it is Unicode text.");
  return value;
}

function texts(name: string, values: Readonly<Record<string, string>>): Record<string, string> {
  const checked: Record<string, string> = {};
  for (const [key, value] of Object.entries(values)) checked[text(name, key)] = text(`${name}.${key}`, value);
  return checked;
}

function amounts(name: string, values: Readonly<Record<string, number>>): Record<string, number> {
  for (const [key, value] of Object.entries(values))
    if (typeof value !== "number") throw invalid(`${name}.${key}`, `is ${typeof value}; it is a number.`);
  return { ...values };
}

function whole(name: string, value: number, least = -0x80000000): number {
  if (!Number.isInteger(value) || value < least || value > 0x7fffffff)
    throw invalid(name, `is ${value}; it is a whole number${least === 0 ? " of 0 or more" : ""}.`);
  return value;
}

function duration(name: string, milliseconds: number): Duration {
  if (typeof milliseconds !== "number" || !Number.isFinite(milliseconds) || Math.abs(milliseconds) > 1e15)
    throw invalid(name, `is ${milliseconds}; it is a number of milliseconds.`);
  return durationFromMs(Math.round(milliseconds));
}

function unknownOption(name: string, known: ReadonlySet<string>): TssError {
  return invalid(name, `is no option of a task; these are: ${[...known].join(", ")}.`);
}

function invalid(field: string, description: string): TssError {
  return new TssError("INVALID_ARGUMENT", `${field} ${description}`, { violations: [{ field, description }] });
}
