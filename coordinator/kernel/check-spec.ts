import type { LockNeed, Payload, RetryPolicy, TaskSpec } from "../../proto/gen/tss/v1/task_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { SHELL_NAMES } from "../../proto/shell-names.ts";
import { isTaskLimit, TASK_LIMITS } from "../../proto/task-limits.ts";
import { byteLength } from "./text.ts";
import { durationMs, timestampMs } from "./time.ts";
import { Violations } from "./violations.ts";

/** Everything wrong with what a client asks for, by the limits of the contract; nothing is changed. */
export function checkSpec(spec: TaskSpec, now: number): Violations {
  const found = new Violations();
  found.line("name", spec.name, 1, LIMITS.nameCharacters);
  if (spec.queue !== "") checkQueueName(found, "queue", spec.queue);
  found.number("priority", spec.priority, LIMITS.priorityMin, LIMITS.priorityMax);
  checkWork(found, spec);
  if (spec.payload !== undefined) checkPayload(found, "payload", spec.payload, LIMITS.payloadBytes);
  checkEnvironment(found, spec.env);
  checkSecrets(found, spec);
  found.text("working_directory", spec.workingDirectory, LIMITS.pathBytes);
  checkUser(found, spec);
  checkTaskLimits(found, spec.limits);
  checkTimes(found, spec, now);
  if (spec.retry !== undefined) checkRetry(found, spec.retry);
  checkLabels(found, "labels", spec.labels);
  checkLabels(found, "selector", spec.selector);
  checkResources(found, "resources", spec.resources);
  checkLocks(found, spec.locks);
  if (spec.onAgentRestart < 0 || spec.onAgentRestart > 2) found.add("on_agent_restart", "must be adopt or kill");
  checkKey(found, spec);
  found.line("fairness_key", spec.fairnessKey, 0, LIMITS.fairnessKeyCharacters);
  found.line("traceparent", spec.traceparent, 0, LIMITS.traceparentCharacters);
  return found;
}

export function checkQueueName(found: Violations, field: string, name: string): void {
  checkName(found, field, name, LIMITS.queueName);
}

export function checkLockName(found: Violations, field: string, name: string): void {
  checkName(found, field, name, LIMITS.lockName);
}

export function checkSecretName(found: Violations, field: string, name: string): void {
  if (!LIMITS.secretName.test(name))
    found.add(
      field,
      "must be 1–63 characters of A–Z, a–z, 0–9, '_', '.' and '-', beginning with a letter, a digit or '_'",
    );
}

function checkName(found: Violations, field: string, name: string, pattern: RegExp): void {
  if (!pattern.test(name))
    found.add(field, "must be 1–63 characters of a–z, 0–9, '.', '_' and '-', beginning with a letter or digit");
}

function checkWork(found: Violations, spec: TaskSpec): void {
  const given = [spec.command !== "", spec.argv.length > 0, spec.type !== ""].filter(Boolean).length;
  if (given === 0) found.add("command", "or argv or type must be given: what shall run?");
  if (given > 1) found.add("command", "must be the only one of command, argv and type");
  found.text("command", spec.command, LIMITS.commandBytes);
  if (spec.argv.length > 0) {
    found.count("argv", spec.argv.length, 1, LIMITS.argvItems);
    let bytes = 0;
    for (const [index, item] of spec.argv.entries()) {
      bytes += byteLength(item);
      found.text(`argv[${index}]`, item, LIMITS.argvBytes);
    }
    found.bytes("argv", bytes, LIMITS.argvBytes);
    if (spec.argv[0] === "") found.add("argv[0]", "must name a program");
  }
  if (spec.type !== "") found.line("type", spec.type, 1, LIMITS.typeCharacters);
}

export function checkPayload(found: Violations, field: string, payload: Payload, maxBytes: number): void {
  found.bytes(`${field}.data`, payload.data.length, maxBytes);
  found.line(`${field}.content_type`, payload.contentType, 0, Number.POSITIVE_INFINITY);
  found.bytes(`${field}.content_type`, byteLength(payload.contentType), LIMITS.contentTypeBytes);
  found.count(`${field}.encodings`, payload.encodings.length, 0, LIMITS.encodings);
  for (const [index, name] of payload.encodings.entries()) found.line(`${field}.encodings[${index}]`, name, 1, 63);
}

function checkEnvironment(found: Violations, env: Readonly<Record<string, string>>): void {
  let count = 0;
  let bytes = 0;
  for (const [name, value] of Object.entries(env)) {
    count++;
    bytes += byteLength(name) + byteLength(value);
    if (!LIMITS.environmentName.test(name))
      found.add("env", `name ${JSON.stringify(name)} must match [A-Za-z_][A-Za-z0-9_]*`);
    else found.text(`env[${name}]`, value, LIMITS.envBytes);
  }
  found.count("env", count, 0, LIMITS.envEntries);
  found.bytes("env", bytes, LIMITS.envBytes);
}

function checkUser(found: Violations, { user, umask }: TaskSpec): void {
  if (user !== "" && !LIMITS.userName.test(user))
    found.add("user", "must be a login name or number, with :GROUP behind it if need be");
  if (umask !== "" && !LIMITS.umask.test(umask)) found.add("umask", "must be octal, from 0 to 0777, such as 022");
}

function checkTaskLimits(found: Violations, limits: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(limits)) {
    if (!isTaskLimit(name)) {
      found.add("limits", `has no ${JSON.stringify(name.slice(0, 80))}; it has ${Object.keys(TASK_LIMITS).join(", ")}`);
      continue;
    }
    const { least, most, unit } = TASK_LIMITS[name];
    found.number(`limits[${name}]`, value, least, most);
    if (unit !== "fraction" && !Number.isInteger(value)) found.add(`limits[${name}]`, "must be a whole number");
  }
}

function checkSecrets(found: Violations, { secrets, env, type }: TaskSpec): void {
  const entries = Object.entries(secrets);
  if (entries.length === 0) return;
  found.count("secrets", entries.length, 0, LIMITS.taskSecrets);
  if (type !== "") found.add("secrets", "are for commands: a handler reads its own where it runs");
  for (const [name, secret] of entries.slice(0, LIMITS.taskSecrets)) {
    if (!LIMITS.environmentName.test(name))
      found.add("secrets", `name ${JSON.stringify(name.slice(0, 80))} must match [A-Za-z_][A-Za-z0-9_]*`);
    else if (name.startsWith("TSS_"))
      found.add(`secrets[${name}]`, "must not begin with TSS_: those names are given by TSS");
    else if (SHELL_NAMES.test(name))
      found.add(`secrets[${name}]`, "is a name that shells keep for themselves: choose another");
    else if (Object.hasOwn(env, name)) found.add(`secrets[${name}]`, "must not be in env, too");
    checkSecretName(found, `secrets[${name.slice(0, 80)}]`, secret);
  }
}

function checkTimes(found: Violations, spec: TaskSpec, now: number): void {
  if (spec.delay !== undefined) {
    found.span("delay", durationMs(spec.delay), 0, LIMITS.delayMs);
    if (spec.runAt !== undefined) found.add("delay", "must not be given together with run_at");
  }
  if (spec.runAt !== undefined && !(timestampMs(spec.runAt) <= now + LIMITS.delayMs))
    found.add("run_at", "must be at most 10 years ahead");
  if (spec.expires !== undefined) found.span("expires", durationMs(spec.expires), 1, LIMITS.expiresMs);
  if (spec.timeout !== undefined) found.span("timeout", durationMs(spec.timeout), 1, LIMITS.timeoutMs);
  if (spec.heartbeatTimeout !== undefined)
    found.span(
      "heartbeat_timeout",
      durationMs(spec.heartbeatTimeout),
      LIMITS.heartbeatTimeoutMinMs,
      LIMITS.heartbeatTimeoutMaxMs,
    );
  if (spec.cancelGrace !== undefined) found.span("cancel_grace", durationMs(spec.cancelGrace), 0, LIMITS.cancelGraceMs);
}

function checkRetry(found: Violations, retry: RetryPolicy): void {
  if (retry.limit !== undefined) found.number("retry.limit", retry.limit, 0, LIMITS.retryLimit);
  if (retry.releaseLimit !== undefined) found.number("retry.release_limit", retry.releaseLimit, 0, LIMITS.releaseLimit);
  if (retry.interval !== undefined) found.span("retry.interval", durationMs(retry.interval), 0, LIMITS.retryIntervalMs);
  if (retry.factor !== undefined)
    found.number("retry.factor", retry.factor, LIMITS.retryFactorMin, LIMITS.retryFactorMax);
  if (retry.maxInterval !== undefined)
    found.span("retry.max_interval", durationMs(retry.maxInterval), 0, LIMITS.retryMaxIntervalMs);
  if (retry.jitter !== undefined) found.number("retry.jitter", retry.jitter, 0, 1);
  if (retry.backoff < 0 || retry.backoff > 2) found.add("retry.backoff", "must be fixed or exponential");
  found.count("retry.non_retryable_exit_codes", retry.nonRetryableExitCodes.length, 0, LIMITS.nonRetryableExitCodes);
  for (const [index, code] of retry.nonRetryableExitCodes.entries())
    found.number(`retry.non_retryable_exit_codes[${index}]`, code, 0, 255);
}

export function checkLabels(found: Violations, field: string, labels: Readonly<Record<string, string>>): void {
  const entries = Object.entries(labels);
  found.count(field, entries.length, 0, LIMITS.labels);
  for (const [name, value] of entries.slice(0, LIMITS.labels)) {
    if (name.includes("=")) found.add(field, `name ${JSON.stringify(name)} must not contain '='`);
    found.line(`${field}: the name ${JSON.stringify(name.slice(0, 80))}`, name, 1, LIMITS.labelNameCharacters);
    found.line(`${field}[${name.slice(0, 80)}]`, value, 0, LIMITS.labelValueCharacters);
  }
}

export function checkResources(found: Violations, field: string, resources: Readonly<Record<string, number>>): void {
  const entries = Object.entries(resources);
  found.count(field, entries.length, 0, LIMITS.resources);
  for (const [name, amount] of entries.slice(0, LIMITS.resources)) {
    found.line(`${field}: the name ${JSON.stringify(name.slice(0, 80))}`, name, 1, LIMITS.labelNameCharacters);
    found.number(`${field}[${name.slice(0, 80)}]`, amount, 0, Number.MAX_SAFE_INTEGER);
  }
}

function checkLocks(found: Violations, locks: readonly LockNeed[]): void {
  found.count("locks", locks.length, 0, LIMITS.taskLocks);
  for (const [index, { name, permits }] of locks.slice(0, LIMITS.taskLocks).entries()) {
    checkLockName(found, `locks[${index}].name`, name);
    if (locks.findIndex((other) => other.name === name) < index) found.add(`locks[${index}].name`, "is there already");
    found.number(`locks[${index}].permits`, permits, 0, LIMITS.lockPermits);
  }
}

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

function checkKey(found: Violations, spec: TaskSpec): void {
  if (spec.idempotencyKey.length > LIMITS.idempotencyKeyCharacters || !PRINTABLE_ASCII.test(spec.idempotencyKey))
    found.add("idempotency_key", `must be 1–${LIMITS.idempotencyKeyCharacters} printable ASCII characters`);
  if (spec.idempotencyTtl === undefined) return;
  if (spec.idempotencyKey === "") found.add("idempotency_ttl", "needs an idempotency_key");
  found.span(
    "idempotency_ttl",
    durationMs(spec.idempotencyTtl),
    LIMITS.idempotencyTtlMinMs,
    LIMITS.idempotencyTtlMaxMs,
  );
}
