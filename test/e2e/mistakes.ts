import { LIMITS } from "../../proto/limits.ts";

export const long = (length: number) => "x".repeat(length);

/** A task that cannot be, in the three ways to submit it, and what every answer says. */
export interface Mistake {
  readonly what: string;
  readonly rest: object | string;
  readonly grpc: object;
  /** Absent: a command line cannot say it. */
  readonly cli?: readonly string[];
  readonly field: string;
  readonly sentence: RegExp;
}
/** A task that can be. */
export const good = { name: "a", command: "true" };
export const MISTAKES: readonly Mistake[] = [
  {
    what: "neither command nor type",
    rest: { name: "a" },
    grpc: { name: "a" },
    cli: ["-n", "a"],
    field: "command",
    sentence: /command/,
  },
  {
    what: "a name one character too long",
    rest: { ...good, name: long(LIMITS.nameCharacters + 1) },
    grpc: { ...good, name: long(LIMITS.nameCharacters + 1) },
    cli: ["-n", long(LIMITS.nameCharacters + 1), "-c", "true"],
    field: "name",
    sentence: /at most 200/,
  },
  { what: "an empty name", rest: { ...good, name: "" }, grpc: { ...good, name: "" }, field: "name", sentence: /name/ },
  {
    what: "a payload one byte over the limit",
    rest: { name: "a", type: "t", payload: long(LIMITS.payloadBytes - 1) },
    grpc: { name: "a", type: "t", payload: { data: Buffer.alloc(LIMITS.payloadBytes + 1, 1) } },
    field: "payload",
    sentence: /256 KiB|262144/,
  },
  {
    what: "U+0000 in a name",
    rest: '{"name":"a\\u0000b","command":"true"}',
    grpc: { ...good, name: "a\u0000b" },
    field: "name",
    sentence: /U\+0000/,
  },
  {
    what: "U+0000 in a label",
    rest: '{"name":"a","command":"true","labels":{"k":"\\u0000"}}',
    grpc: { ...good, labels: { k: "\u0000" } },
    field: "labels",
    sentence: /U\+0000/,
  },
  {
    what: "a priority below the lowest",
    rest: { ...good, priority: -129 },
    grpc: { ...good, priority: -129 },
    cli: ["-c", "true", "-p", "-129"],
    field: "priority",
    sentence: /-128 to 127/,
  },
  {
    what: "a negative number of retries",
    rest: { ...good, retry: { limit: -1 } },
    grpc: { ...good, retry: { limit: 2 ** 32 - 1 } },
    cli: ["-c", "true", "-r", "-1"],
    field: "retry.limit",
    sentence: /0 to 99|must not be negative/,
  },
  {
    what: "a negative timeout",
    rest: { ...good, timeout: -1 },
    grpc: { ...good, timeout: { seconds: -1n } },
    cli: ["-c", "true", "-t", "-1s"],
    field: "timeout",
    sentence: /timeout|30 days|2592000|duration/,
  },
  {
    what: "a delay of ages",
    rest: { ...good, delay: 1e15 },
    grpc: { ...good, delay: { seconds: 9_000_000_000_000n } },
    cli: ["-c", "true", "--delay", "99999999999d"],
    field: "delay",
    sentence: /delay|duration|days/,
  },
  {
    what: "a queue that is no name",
    rest: { ...good, queue: "No Queue" },
    grpc: { ...good, queue: "No Queue" },
    cli: ["-c", "true", "-q", "No Queue"],
    field: "queue",
    sentence: /a–z/,
  },
];
