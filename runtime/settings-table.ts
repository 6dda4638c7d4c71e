import { LIMITS } from "../proto/limits.ts";
import * as parse from "./settings-parse.ts";

/** One setting: how its text is read, what it is when absent, and what it means. The order is that of `.env.example`. */
export interface SettingDefinition<T> {
  readonly parse: (text: string) => T;
  readonly fallback: T;
  /** Shown in `.env.example` and docs/configuration.md. */
  readonly meaning: string;
}

const setting = <T>(parser: (text: string) => T, fallback: T, meaning: string): SettingDefinition<T> => ({
  parse: parser,
  fallback,
  meaning,
});

const none = undefined as string | undefined;

/** Every `TSS_*` name that a TSS process reads. Durations are milliseconds inside, `15s`, `500ms`, `2h`, `7d` outside. */
export const SETTINGS = {
  TSS_DATABASE_URL: setting(
    parse.databaseUrl,
    "sqlite:./.tss/tss.db",
    "Where tasks are kept: postgres://…, sqlite:PATH or module:PATH",
  ),
  TSS_DATABASE_READ_CONNECTIONS: setting(
    parse.integer(1, 16),
    3,
    "Postgres connections for reads (the flush has its own)",
  ),
  TSS_REDIS_URL: setting(
    parse.redisUrls as (text: string) => string | undefined,
    none,
    "Redis for several coordinators on one Postgres, redis://HOST:PORT; a comma list of independent servers decides by majority. None = a single coordinator",
  ),
  TSS_COORDINATOR: setting(
    parse.addressList,
    "127.0.0.1:7400",
    "Coordinator that CLI, agents and gateways call: host:port, or several of one system: HOST:PORT,HOST:PORT",
  ),
  TSS_COORDINATOR_ADVERTISE: setting(
    parse.address,
    none,
    "Address at which workers, clients and other coordinators reach this one; none = TSS_COORDINATOR_LISTEN",
  ),
  TSS_OWNER_TTL: setting(
    parse.duration(500, 60_000),
    3_000,
    "Silence after which the other coordinators take a coordinator's tasks over",
  ),
  TSS_COORDINATOR_LISTEN: setting(parse.address, "127.0.0.1:7400", "Address the coordinator listens on"),
  TSS_GATEWAY_LISTEN: setting(parse.address, "127.0.0.1:7480", "Address the gateway listens on"),
  TSS_GATEWAY_URL: setting(
    parse.text,
    none,
    "Public address of the gateway, for links; none = from TSS_GATEWAY_LISTEN",
  ),
  TSS_SESSION_SECRET: setting(
    parse.secret,
    none,
    "Seals sign-ins at the dashboard, 16 characters or more; none = they end when the gateway does",
  ),
  TSS_CORS_ORIGINS: setting(parse.list, [] as string[], "Origins whose pages may call the gateway; empty = none"),
  TSS_GATEWAY_RATE: setting(
    parse.integer(1, 1_000_000),
    1_000,
    "Requests a second one API key may make at the gateway",
  ),
  TSS_API_KEY: setting(parse.text, none, "Key of the caller; none = ./.tss/credentials when the address is loopback"),
  TSS_JOIN_TOKEN: setting(parse.text, none, "Token that `tss-agent join` uses when its line has none"),
  TSS_CREDENTIALS: setting(parse.text, "./.tss/credentials", "File that `tss dev` keeps its first key in (mode 0600)"),
  TSS_LOG_LEVEL: setting(parse.oneOf("error", "warn", "info", "debug"), "error" as const, "error, warn, info or debug"),
  TSS_METRICS_LISTEN: setting(parse.address, none, "Address for /metrics of this process; none = off"),
  TSS_TASK_TIMEOUT: setting(
    parse.duration(1, 30 * 86_400_000),
    undefined as number | undefined,
    "Timeout of tasks that name none; none = no limit",
  ),
  TSS_RETRY_LIMIT: setting(parse.integer(0, 99), 0, "Retries of tasks that name no limit"),
  TSS_RETRY_INTERVAL: setting(
    parse.duration(0, 86_400_000),
    1_000,
    "Pause before the second attempt of tasks that name none",
  ),
  TSS_LEASE_TTL: setting(parse.duration(1_000, 600_000), 15_000, "Silence after which a worker's session is lost"),
  TSS_RETENTION: setting(parse.duration(1_000, 10 * 365 * 86_400_000), 7 * 86_400_000, "How long ended tasks are kept"),
  TSS_LOG_RETENTION: setting(
    parse.duration(1_000, 10 * 365 * 86_400_000),
    7 * 86_400_000,
    "How long output of ended tasks is kept",
  ),
  TSS_LOG_LIMIT: setting(
    parse.bytes,
    8 * 1024 * 1024,
    "Output kept of one attempt; past it the tail is kept at the end",
  ),
  TSS_BLOBS: setting(parse.text, "database", "Where output is kept: database, directory:PATH, or a module path"),
  TSS_SEGMENT_ROWS: setting(
    parse.integer(100, 100_000_000),
    2_000_000,
    "Tasks in one segment before the next is opened",
  ),
  TSS_SEGMENT_AGE: setting(
    parse.duration(1_000, 365 * 86_400_000),
    3_600_000,
    "Age of a segment before the next is opened",
  ),
  TSS_MEMORY_HEADS: setting(parse.integer(100, 100_000_000), 200_000, "Waiting tasks a coordinator keeps in memory"),
  TSS_MEMORY_BYTES: setting(parse.bytes, 64 * 1024 * 1024, "Bytes of waiting tasks a coordinator keeps in memory"),
  TSS_INBOX_BYTES: setting(
    // A smaller one would refuse the largest message for ever.
    parse.bytesFrom(LIMITS.messageBytes),
    32 * 1024 * 1024,
    "Bytes waiting for a commit before RESOURCE_EXHAUSTED; at least 4 MiB",
  ),
  TSS_WORKER_NAME: setting(parse.text, none, "Name of the agent; none = the host's name"),
  TSS_WORKER_SLOTS: setting(
    parse.integer(1, 10_000),
    undefined as number | undefined,
    "Attempts an agent runs at a time; none = number of CPUs",
  ),
  TSS_WORKER_LABELS: setting(parse.labels, {} as Record<string, string>, "Labels of the agent: k=v,k=v"),
  TSS_WORKER_RESOURCES: setting(
    parse.resources,
    {} as Record<string, number>,
    "Resources of the agent: gpu=1,memory=4096",
  ),
  TSS_WORKER_QUEUES: setting(parse.list, [] as string[], "Queues the agent serves; empty = all"),
  TSS_WORKER_DIR: setting(parse.text, "./.tss/agent", "Directory for spooled output and journals of the agent"),
  TSS_AGENT_ALLOW: setting(parse.list, [] as string[], "Commands an agent of a remote coordinator may run; * = all"),
  TSS_AGENT_USER: setting(
    parse.text,
    none,
    "User that commands of tasks run as which name none, NAME[:GROUP]; takes an agent of root; none = the agent's own",
  ),
  TSS_AGENT_USERS: setting(
    parse.list,
    [] as string[],
    "Users that tasks may ask for, NAME or NAME:GROUP; takes an agent of root; * = all but root; empty = none but the agent's own",
  ),
  TSS_AGENT_CONTAINMENT: setting(
    parse.oneOf("auto", "always", "off"),
    "auto" as "auto" | "always" | "off",
    "Control groups for commands: auto = for tasks with limits of memory, pids or cpus; always = for each; off = for none",
  ),
  TSS_DRAIN_TIMEOUT: setting(
    parse.duration(0, 3_600_000),
    25_000,
    "Longest wait for running work when a process drains",
  ),
  TSS_PREEMPT_FILE: setting(
    parse.text,
    none,
    "File whose appearance tells an agent that its machine goes away; it holds the seconds left, or nothing = TSS_DRAIN_TIMEOUT",
  ),
  TSS_TLS_CERT: setting(parse.text, none, "Certificate (PEM) the coordinator and gateway show"),
  TSS_TLS_KEY: setting(parse.text, none, "Key (PEM) of TSS_TLS_CERT"),
  TSS_TLS_CA: setting(parse.text, none, "Authorities (PEM) a client trusts instead of the system's; set = TLS"),
  TSS_TLS_CLIENT_CA: setting(
    parse.text,
    none,
    "Authorities (PEM) of client certificates, which the coordinator then demands; none = it asks for none",
  ),
  TSS_TLS_CLIENT_CA_KEY: setting(
    parse.text,
    none,
    "Key (PEM) of the first certificate in TSS_TLS_CLIENT_CA: agents that join get a certificate of it; none = they bring their own",
  ),
  TSS_TLS_CLIENT_CERT: setting(
    parse.text,
    none,
    "Certificate (PEM) that clients, agents and the gateway show a coordinator; none between coordinators = TSS_TLS_CERT",
  ),
  TSS_TLS_CLIENT_KEY: setting(parse.text, none, "Key (PEM) of TSS_TLS_CLIENT_CERT"),
  TSS_MASTER_KEY: setting(
    parse.masterKeys,
    [] as string[],
    "Key that secrets are kept with: 32 bytes in base64, or file:PATH of a file with them; older keys follow after a comma and only open. None = no secrets",
  ),
  TSS_FAILPOINT: setting(
    parse.text,
    none,
    "Test builds only: NAME[=HIT], the process ends there as if killed; NAME:plant, a bug is planted there",
  ),
} as const;

/** Names TSS sets for the tasks it runs, or that only tests read: known, so `tss` works inside a task, and not settings. */
export const KNOWN_NAMES: ReadonlySet<string> = new Set([
  "TSS_TASK_ID",
  "TSS_TASK_NAME",
  "TSS_ATTEMPT",
  "TSS_FENCING_TOKEN",
  "TSS_INPUT",
  "TSS_OUTPUT",
  "TSS_QUEUE",
  "TSS_PROGRESS_FD",
  "TSS_DEADLINE_FILE",
  "TSS_LOCK_NAME",
  "TSS_LOCK_TOKEN",
  "TSS_LOCKS",
  "TSS_TEST_DATABASE_URL",
  "TSS_TEST_REDIS_URL",
  "TSS_NODE",
]);

export type Settings = { readonly [K in keyof typeof SETTINGS]: (typeof SETTINGS)[K]["fallback"] };
