import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { checkSpec } from "../../coordinator/kernel/check-spec.ts";
import { toDuration, toTimestamp } from "../../coordinator/kernel/time.ts";
import { TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";
import { LIMITS } from "../../proto/limits.ts";

type Spec = Exclude<MessageInitShape<typeof TaskSpecSchema>, { readonly $typeName: string }>;

const NOW = 1_750_000_000_000;

/** One limit seen from a field: what has exactly `size`, and where a violation is found. */
interface Edge {
  readonly limit: keyof typeof LIMITS;
  readonly field: string;
  readonly least?: true;
  readonly of: (size: number) => Spec;
}

const duration = (ms: number) => toDuration(ms);
const wide = (length: number) => "é".repeat(Math.floor(length / 2)) + "x".repeat(length % 2);
const emoji = (count: number) => "😀".repeat(count);
const named = (count: number, of: (index: number) => string = () => "v") =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, of(index)]));

/** Every limit of the table that a task's spec meets, at every field that it bounds. */
const EDGES: readonly Edge[] = [
  { limit: "nameCharacters", field: "name", of: (size) => ({ name: emoji(size) }) },
  { limit: "priorityMin", field: "priority", least: true, of: (priority) => ({ priority }) },
  { limit: "priorityMax", field: "priority", of: (priority) => ({ priority }) },
  { limit: "commandBytes", field: "command", of: (size) => ({ command: wide(size) }) },
  { limit: "argvItems", field: "argv", of: (size) => ({ command: "", argv: Array(size).fill("x") }) },
  { limit: "argvBytes", field: "argv", of: (size) => ({ command: "", argv: ["x", wide(size - 1)] }) },
  { limit: "argvBytes", field: "argv[0]", of: (size) => ({ command: "", argv: [wide(size)] }) },
  { limit: "typeCharacters", field: "type", of: (size) => ({ command: "", type: emoji(size) }) },
  { limit: "payloadBytes", field: "payload.data", of: (size) => ({ payload: { data: new Uint8Array(size) } }) },
  {
    limit: "contentTypeBytes",
    field: "payload.content_type",
    of: (size) => ({ payload: { contentType: wide(size) } }),
  },
  {
    limit: "encodings",
    field: "payload.encodings",
    of: (size) => ({ payload: { encodings: Array(size).fill("gzip") } }),
  },
  { limit: "envEntries", field: "env", of: (size) => ({ env: named(size) }) },
  {
    limit: "taskSecrets",
    field: "secrets",
    of: (size) => ({ secrets: named(size, () => "DB") }),
  },
  { limit: "envBytes", field: "env", of: (size) => ({ env: { A: wide(1_000), B: wide(size - 1_002) } }) },
  { limit: "pathBytes", field: "working_directory", of: (size) => ({ workingDirectory: wide(size) }) },
  { limit: "delayMs", field: "delay", of: (ms) => ({ delay: duration(ms) }) },
  { limit: "delayMs", field: "run_at", of: (ms) => ({ runAt: toTimestamp(NOW + ms) }) },
  { limit: "expiresMs", field: "expires", of: (ms) => ({ expires: duration(ms) }) },
  { limit: "timeoutMs", field: "timeout", of: (ms) => ({ timeout: duration(ms) }) },
  {
    limit: "heartbeatTimeoutMinMs",
    field: "heartbeat_timeout",
    least: true,
    of: (ms) => ({ heartbeatTimeout: duration(ms) }),
  },
  { limit: "heartbeatTimeoutMaxMs", field: "heartbeat_timeout", of: (ms) => ({ heartbeatTimeout: duration(ms) }) },
  { limit: "retryLimit", field: "retry.limit", of: (limit) => ({ retry: { limit } }) },
  { limit: "releaseLimit", field: "retry.release_limit", of: (releaseLimit) => ({ retry: { releaseLimit } }) },
  { limit: "retryIntervalMs", field: "retry.interval", of: (ms) => ({ retry: { interval: duration(ms) } }) },
  { limit: "retryFactorMin", field: "retry.factor", least: true, of: (factor) => ({ retry: { factor } }) },
  { limit: "retryFactorMax", field: "retry.factor", of: (factor) => ({ retry: { factor } }) },
  { limit: "retryMaxIntervalMs", field: "retry.max_interval", of: (ms) => ({ retry: { maxInterval: duration(ms) } }) },
  {
    limit: "nonRetryableExitCodes",
    field: "retry.non_retryable_exit_codes",
    of: (size) => ({ retry: { nonRetryableExitCodes: Array(size).fill(3) } }),
  },
  { limit: "labels", field: "labels", of: (size) => ({ labels: named(size) }) },
  { limit: "labels", field: "selector", of: (size) => ({ selector: named(size) }) },
  { limit: "labelNameCharacters", field: "labels", of: (size) => ({ labels: { [emoji(size)]: "v" } }) },
  { limit: "labelNameCharacters", field: "selector", of: (size) => ({ selector: { [emoji(size)]: "v" } }) },
  { limit: "labelNameCharacters", field: "resources", of: (size) => ({ resources: { [emoji(size)]: 1 } }) },
  { limit: "labelValueCharacters", field: "labels[k]", of: (size) => ({ labels: { k: emoji(size) } }) },
  { limit: "labelValueCharacters", field: "selector[k]", of: (size) => ({ selector: { k: emoji(size) } }) },
  {
    limit: "taskLocks",
    field: "locks",
    of: (count) => ({ locks: Array.from({ length: count }, (_, index) => ({ name: `lock-${index}` })) }),
  },
  { limit: "lockPermits", field: "locks[0].permits", of: (permits) => ({ locks: [{ name: "db", permits }] }) },
  {
    limit: "resources",
    field: "resources",
    of: (size) => ({ resources: Object.fromEntries(Object.keys(named(size)).map((name) => [name, 1])) }),
  },
  { limit: "idempotencyKeyCharacters", field: "idempotency_key", of: (size) => ({ idempotencyKey: "~".repeat(size) }) },
  {
    limit: "idempotencyTtlMinMs",
    field: "idempotency_ttl",
    least: true,
    of: (ms) => ({ idempotencyKey: "k", idempotencyTtl: duration(ms) }),
  },
  {
    limit: "idempotencyTtlMaxMs",
    field: "idempotency_ttl",
    of: (ms) => ({ idempotencyKey: "k", idempotencyTtl: duration(ms) }),
  },
  { limit: "fairnessKeyCharacters", field: "fairness_key", of: (size) => ({ fairnessKey: emoji(size) }) },
  { limit: "cancelGraceMs", field: "cancel_grace", of: (ms) => ({ cancelGrace: duration(ms) }) },
  { limit: "traceparentCharacters", field: "traceparent", of: (size) => ({ traceparent: emoji(size) }) },
];

/** Limits that are checked elsewhere: a new one must be put here or above. */
const ELSEWHERE: readonly (keyof typeof LIMITS)[] = [
  ...(["queueName", "environmentName", "userName", "umask", "secretName"] as const),
  // test/secrets.
  ...(["secretBytes", "secrets", "secretQueues", "maskedCharacters"] as const),
  ...([
    "resultBytes",
    "idempotencyTtlDefaultMs",
    "requestIdCharacters",
    "cancelGraceDefaultMs",
    "releaseLimitDefault",
    "tasksPerMessage",
  ] as const),
  ...([
    "messageBytes",
    "requestBytes",
    "pageSize",
    "pageSizeDefault",
    "labelFilters",
    "exportTasks",
    "searchTerms",
    "searchCharacters",
    "waitMs",
    "waitDefaultMs",
  ] as const),
  ...([
    "leaseWaitMs",
    "progressMessageBytes",
    "messagesPerAttempt",
    "errorTypeCharacters",
    "errorMessageBytes",
  ] as const),
  ...([
    "logChunkBytes",
    "slots",
    "pauseNoteBytes",
    "queueLimit",
    "apiKeyTtlMs",
    "apiKeyTtlDefaultMs",
    "joinTokenTtlMs",
    "joinTokenTtlDefaultMs",
    "joinedKeyTtlMinMs",
    "joinedKeyTtlMs",
    "joinedKeyTtlDefaultMs",
    "joinedCertificateMs",
    "joinRefusals",
    "publicKeyBytes",
    "apiKeys",
  ] as const),
  ...(["seriesPoints", "seriesPointsDefault", "statsMs", "failureGroups", "failureGroupsDefault"] as const),
  ...(["lockName", "lockTtlMinMs", "lockTtlMaxMs", "lockTtlDefaultMs"] as const),
  ...(["lockHolderCharacters", "lockWaiters", "lockEntries", "lockStreamCalls"] as const),
  ...(["bulkTasks", "bulkPerSecond", "bulkDelayMs", "bulksPrepared", "bulksRunning"] as const),
  "streamsPerConnection",
];

const check = (spec: Spec) => checkSpec(create(TaskSpecSchema, { name: "n", command: "true", ...spec }), NOW).list;
const fieldsOf = (spec: Spec) => check(spec).map(({ field }) => field);

test("every limit of the table is met here or named as one that is checked elsewhere", () => {
  const met = new Set([...EDGES.map(({ limit }) => limit), ...ELSEWHERE]);
  expect(Object.keys(LIMITS).filter((limit) => !met.has(limit as keyof typeof LIMITS))).toEqual([]);
});

describe("at the limit it passes, one beyond it is refused by name", () => {
  test.each(EDGES.map((edge) => [edge.limit, edge.field, edge] as const))("%s of %s", (limit, field, edge) => {
    const size = LIMITS[limit] as number;
    expect(check(edge.of(size))).toEqual([]);
    const beyond = check(edge.of(edge.least ? size - 1 : size + 1));
    expect(beyond.length).toBeGreaterThan(0);
    expect(beyond.some((violation) => violation.field === field || violation.field.startsWith(`${field}:`))).toBe(true);
  });
});

test("durations that must be something are refused at nothing, those that may be nothing below it", () => {
  expect(fieldsOf({ timeout: duration(0) })).toEqual(["timeout"]);
  expect(fieldsOf({ expires: duration(0) })).toEqual(["expires"]);
  expect(fieldsOf({ delay: duration(0), cancelGrace: duration(0), retry: { interval: duration(0) } })).toEqual([]);
  expect(fieldsOf({ delay: duration(-1) })).toEqual(["delay"]);
  expect(fieldsOf({ cancelGrace: duration(-1) })).toEqual(["cancel_grace"]);
  expect(fieldsOf({ retry: { interval: duration(-1), maxInterval: duration(-1) } })).toEqual([
    "retry.interval",
    "retry.max_interval",
  ]);
});

test("names of queues and of the environment: what the pattern says, and nothing else", () => {
  for (const queue of ["a", "0", "a.b_c-d", "q".repeat(63)]) expect(fieldsOf({ queue })).toEqual([]);
  for (const queue of ["q".repeat(64), "A", ".a", "-a", "_a", "a b", "a\n", "é", "\u0000"])
    expect(fieldsOf({ queue })).toEqual(["queue"]);
  for (const name of ["A", "_", "a1", "__x9"]) expect(fieldsOf({ env: { [name]: "v" } })).toEqual([]);
  for (const name of ["", "1", "a-b", "a=b", "é", "a\n", "a\u0000"])
    expect(fieldsOf({ env: { [name]: "v" } })).toEqual(["env"]);
});

test("exactly one of command, argv and type", () => {
  const ways = fc.record({ command: fc.boolean(), argv: fc.boolean(), type: fc.boolean() });
  fc.assert(
    fc.property(ways, ({ command, argv, type }) => {
      const spec = { command: command ? "x" : "", argv: argv ? ["x"] : [], type: type ? "x" : "" };
      expect(fieldsOf(spec)).toEqual(Number(command) + Number(argv) + Number(type) === 1 ? [] : ["command"]);
    }),
  );
  expect(fieldsOf({ command: "", argv: [""] })).toEqual(["argv[0]"]);
});

test("numbers that are none are refused", () => {
  for (const none of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    expect(fieldsOf({ retry: { factor: none } })).toEqual(["retry.factor"]);
    expect(fieldsOf({ retry: { jitter: none } })).toEqual(["retry.jitter"]);
    expect(fieldsOf({ resources: { gpu: none } })).toEqual(["resources[gpu]"]);
  }
  expect(fieldsOf({ retry: { jitter: 1 } })).toEqual([]);
  expect(fieldsOf({ retry: { jitter: 1.000001 } })).toEqual(["retry.jitter"]);
  expect(fieldsOf({ retry: { nonRetryableExitCodes: [0, 255] } })).toEqual([]);
  expect(fieldsOf({ retry: { nonRetryableExitCodes: [-1, 256] } })).toEqual([
    "retry.non_retryable_exit_codes[0]",
    "retry.non_retryable_exit_codes[1]",
  ]);
});

/** Every place of a spec that holds text, and the field that a violation names. */
const TEXTS: readonly (readonly [string, (text: string) => Spec])[] = [
  ["name", (name) => ({ name })],
  ["queue", (queue) => ({ queue })],
  ["command", (command) => ({ command })],
  ["argv[1]", (text) => ({ command: "", argv: ["x", text] })],
  ["type", (type) => ({ command: "", type })],
  ["payload.content_type", (contentType) => ({ payload: { contentType } })],
  ["payload.encodings[0]", (text) => ({ payload: { encodings: [text] } })],
  ["env[A]", (text) => ({ env: { A: text } })],
  ["env", (text) => ({ env: { [text]: "v" } })],
  ["working_directory", (workingDirectory) => ({ workingDirectory })],
  ["labels[k]", (text) => ({ labels: { k: text } })],
  ["labels", (text) => ({ labels: { [text]: "v" } })],
  ["selector[k]", (text) => ({ selector: { k: text } })],
  ["selector", (text) => ({ selector: { [text]: "v" } })],
  ["resources", (text) => ({ resources: { [text]: 1 } })],
  ["fairness_key", (fairnessKey) => ({ fairnessKey })],
  ["idempotency_key", (idempotencyKey) => ({ idempotencyKey })],
  ["traceparent", (traceparent) => ({ traceparent })],
];

test.each(TEXTS)("%s takes neither U+0000 nor a lone surrogate, wherever they stand", (field, of) => {
  const bad = fc.constantFrom("\u0000", "\ud800", "\udbff", "\udc00", "\udfff");
  const around = fc.string({ maxLength: 10 });
  fc.assert(
    fc.property(around, bad, around, (before, character, after) => {
      const text = before + character + after;
      fc.pre(!text.isWellFormed() || text.includes("\u0000"));
      expect(fieldsOf(of(text)).some((name) => name === field || name.startsWith(`${field}:`))).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test("a span past its limit is told as people write it", () => {
  const timeout = { seconds: -1n, nanos: 0 };
  const delay = { seconds: 4_000n * 86_400n, nanos: 0 };
  const error = checkSpec(create(TaskSpecSchema, { name: "n", command: "x", timeout, delay }), NOW).error();
  expect(error?.message).toBe(
    "delay must be from 0s to 3650d (it is 4000d); timeout must be from 1ms to 30d (it is -1s).",
  );
});

test("the error names the first three fields and carries all", () => {
  const error = checkSpec(create(TaskSpecSchema, { name: "", priority: 500, queue: "x" }), NOW).error();
  expect(error?.message).toBe(
    "name must not be empty; priority must be from -128 to 127 (it is 500); command or argv or type must be given: what shall run?",
  );
  const more = checkSpec(create(TaskSpecSchema, { name: "", command: "", priority: 500, fairnessKey: "\u0000" }), NOW);
  expect(more.error()?.message).toMatch(/^name must not be empty; .*; .* \(and 1 more\)\.$/);
  expect(more.list).toHaveLength(4);
  expect(error).toMatchObject({ code: "INVALID_ARGUMENT", reason: "INVALID_FIELD" });
  expect(checkSpec(create(TaskSpecSchema, { name: "n", command: "x" }), NOW).error()).toBeNull();
});
