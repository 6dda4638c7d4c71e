import type { Lease } from "../../../proto/gen/tss/v1/worker_service_pb.js";
import { type Account, nameOf } from "../../users/account.ts";
import type { RunningAttempt } from "../executor.ts";

export interface TaskFiles {
  /** Absent when the task has no payload. */
  readonly input?: string;
  readonly output: string;
  readonly deadline: string;
}

/** The file descriptor that takes progress and messages. */
export const PROGRESS_FD = 3;

/** Names of TSS a task keeps from its agent, so that `tss` works inside it; all others, secrets among them, stay out. */
const KEPT = new Set(["TSS_COORDINATOR", "TSS_TLS_CA"]);

/** What a command learns of the locks it holds; nobody else may say it. */
const LOCK_NAMES = ["TSS_LOCKS", "TSS_LOCK_NAME", "TSS_LOCK_TOKEN"] as const;

/** What a supervisor or a parent told the agent's own process and nobody else. */
const OWN = new Set([
  "NODE_CHANNEL_FD",
  "NODE_CHANNEL_SERIALIZATION_MODE",
  "NODE_UNIQUE_ID",
  "NOTIFY_SOCKET",
  "WATCHDOG_USEC",
  "WATCHDOG_PID",
  "LISTEN_FDS",
  "LISTEN_PID",
  "LISTEN_FDNAMES",
  "CREDENTIALS_DIRECTORY",
  // The agent's own trace, name and access to the collector; its address is for all.
  "TRACEPARENT",
  "TRACESTATE",
  "OTEL_SERVICE_NAME",
  "OTEL_EXPORTER_OTLP_HEADERS",
  "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
]);

/**
 * The environment of a command: the agent's without its secrets, then what another user has instead, then the place in the
 * trace, then the task's and its secrets, then the names TSS gives.
 */
export function taskEnvironment(
  agent: Readonly<Record<string, string | undefined>>,
  { lease, traceparent, secrets }: Pick<RunningAttempt, "lease" | "traceparent" | "secrets">,
  directory: string,
  files: TaskFiles,
  account?: Account,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(agent)) {
    if (value === undefined || OWN.has(name) || (name.startsWith("TSS_") && !KEPT.has(name))) continue;
    environment[name] = value;
  }
  if (account !== undefined) tellUser(environment, account);
  if (traceparent !== "") environment["TRACEPARENT"] = traceparent;
  const spec = lease.spec;
  Object.assign(environment, { PWD: directory }, spec?.env, secrets, {
    TSS_TASK_ID: lease.id,
    TSS_TASK_NAME: spec?.name ?? "",
    TSS_ATTEMPT: String(lease.attempt),
    TSS_FENCING_TOKEN: String(lease.fencingToken),
    TSS_QUEUE: spec?.queue ?? "",
    TSS_OUTPUT: files.output,
    TSS_DEADLINE_FILE: files.deadline,
    TSS_PROGRESS_FD: String(PROGRESS_FD),
  });
  delete environment["TSS_INPUT"];
  if (files.input !== undefined) environment["TSS_INPUT"] = files.input;
  tellLocks(environment, lease.locks);
  return environment;
}

/** What a session of the agent's user left it, and would lead another user to what it may not open. */
const OF_SESSION = ["XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "SSH_AUTH_SOCK", "MAIL", "XAUTHORITY"];

function tellUser(environment: Record<string, string>, account: Account): void {
  for (const name of OF_SESSION) delete environment[name];
  const name = nameOf(account);
  Object.assign(environment, { HOME: account.home, USER: name, LOGNAME: name, SHELL: account.shell });
}

/** A single lock has the names that `tss lock run` gives too. */
function tellLocks(environment: Record<string, string>, locks: Lease["locks"]): void {
  for (const name of LOCK_NAMES) delete environment[name];
  const [first, ...others] = locks;
  if (first === undefined) return;
  environment["TSS_LOCKS"] = locks.map(({ name, token }) => `${name}=${token}`).join(",");
  if (others.length > 0) return;
  environment["TSS_LOCK_NAME"] = first.name;
  environment["TSS_LOCK_TOKEN"] = String(first.token);
}
