import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Duration, durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AgentRestart, RetryBackoff, type TaskSpecSchema } from "../proto/gen/tss/v1/task_pb.js";
import { LIMITS } from "../proto/limits.ts";
import { isTaskLimit, TASK_LIMITS } from "../proto/task-limits.ts";
import { bytes } from "../runtime/settings-parse.ts";
import { formatTraceparent, parseTraceparent } from "../runtime/traceparent.ts";
import { UsageError } from "./errors.ts";
import { pairs } from "./flags.ts";
import type { TaskFlags } from "./task-flags.ts";

export type TaskSpecInit = MessageInitShape<typeof TaskSpecSchema>;

/** What a task runs: a shell line, a program with arguments, or a handler. */
export type Work = { readonly command: string } | { readonly argv: readonly string[] } | { readonly type: string };

/**
 * The task the flags describe. Limits are the coordinator's to check; what cannot be expressed at all is refused here.
 * @param environment where `--env NAME` finds its value, and the task the trace it goes on with (TRACEPARENT).
 */
export function specFromFlags(work: Work, flags: TaskFlags, environment: NodeJS.ProcessEnv): TaskSpecInit {
  return {
    ...("argv" in work ? { argv: [...work.argv] } : work),
    name: flags.name ?? defaultName(work),
    queue: flags.queue,
    priority: flags.priority,
    delay: span(flags.delay),
    runAt: flags.at === undefined ? undefined : timestampFromMs(flags.at),
    expires: span(flags.expires),
    timeout: span(flags.timeout),
    heartbeatTimeout: span(flags["heartbeat-timeout"]),
    cancelGrace: span(flags.grace),
    onAgentRestart: agentRestart(flags["on-agent-restart"]),
    retry: retryPolicy(flags),
    labels: pairs(flags.label),
    selector: pairs(flags.selector),
    resources: amounts(pairs(flags.resource)),
    locks: (flags.lock ?? []).map(lockNeed),
    env: readEnvironment(flags.env ?? [], environment),
    secrets: Object.fromEntries((flags.secret ?? []).map(secretNeed)),
    workingDirectory: flags.cwd,
    user: flags.user,
    umask: flags.umask,
    limits: taskLimits(pairs(flags.limit)),
    fairnessKey: flags["fairness-key"],
    idempotencyKey: flags["idempotency-key"],
    traceparent: traceOf(environment),
  };
}

function defaultName(work: Work): string {
  const text = "argv" in work ? work.argv.join(" ") : "command" in work ? work.command : work.type;
  const firstLine =
    text
      .trim()
      .split("\n")[0]
      ?.replace(/\p{Cc}/gu, " ") ?? "";
  return [...firstLine].slice(0, LIMITS.nameCharacters).join("");
}

function span(ms: number | undefined): Duration | undefined {
  return ms === undefined ? undefined : durationFromMs(ms);
}

function agentRestart(flag: TaskFlags["on-agent-restart"]): AgentRestart | undefined {
  if (flag === undefined) return undefined;
  return flag === "kill" ? AgentRestart.KILL : AgentRestart.ADOPT;
}

function retryPolicy(flags: TaskFlags): TaskSpecInit["retry"] {
  const { retries, "retry-interval": interval, "retry-backoff": backoff } = flags;
  const { "retry-max-interval": maxInterval, "no-retry-on": noRetryOn, "release-limit": releaseLimit } = flags;
  const given = [retries, interval, backoff, maxInterval, noRetryOn, releaseLimit].some((value) => value !== undefined);
  if (!given) return undefined;
  if (retries !== undefined && retries < 0)
    throw new UsageError(`--retries must be a whole number from 0 to ${LIMITS.retryLimit}.`);
  if (releaseLimit !== undefined && releaseLimit < 0)
    throw new UsageError(`--release-limit must be a whole number from 0 to ${LIMITS.releaseLimit}.`);
  return {
    limit: retries,
    releaseLimit,
    interval: span(interval),
    maxInterval: span(maxInterval),
    nonRetryableExitCodes: exitCodes(noRetryOn),
    backoff:
      backoff === undefined
        ? RetryBackoff.UNSPECIFIED
        : backoff === "fixed"
          ? RetryBackoff.FIXED
          : RetryBackoff.EXPONENTIAL,
  };
}

function exitCodes(text: string | undefined): number[] {
  if (text === undefined) return [];
  return text.split(",").map((code) => {
    if (!/^\d{1,3}$/.test(code.trim()) || Number(code) > 255)
      throw new UsageError(`--no-retry-on ${text}: exit codes are whole numbers from 0 to 255, separated by commas.`);
    return Number(code);
  });
}

function traceOf({ TRACEPARENT = "" }: NodeJS.ProcessEnv): string | undefined {
  const parent = parseTraceparent(TRACEPARENT);
  return parent === undefined ? undefined : formatTraceparent(parent);
}

function amounts(texts: Readonly<Record<string, string>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => {
      const amount = Number(text);
      if (text.trim() === "" || !Number.isFinite(amount) || amount < 0)
        throw new UsageError(`--resource ${name}=${text}: the amount must be a number of at least 0.`);
      return [name, amount];
    }),
  );
}

/** Sizes may be written as people do: 512m. Which names there are, the coordinator says. */
function taskLimits(texts: Readonly<Record<string, string>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => {
      const amount = isTaskLimit(name) && TASK_LIMITS[name].unit === "bytes" ? readSize(text) : Number(text);
      if (text.trim() === "" || amount === undefined || !Number.isFinite(amount) || amount < 0)
        throw new UsageError(
          `--limit ${name}=${text}: the amount must be a number, or a size such as 64k, 512m or 2g.`,
        );
      return [name, amount];
    }),
  );
}

function readSize(text: string): number | undefined {
  try {
    return bytes(text);
  } catch {
    return undefined;
  }
}

/** A name has no colon: what follows one is the number of permits. */
function lockNeed(text: string): { name: string; permits?: number } {
  const [name = "", permits, ...rest] = text.split(":");
  if (permits === undefined) return { name };
  const count = Number(permits);
  if (rest.length > 0 || !/^\d+$/.test(permits) || count < 1 || count > LIMITS.lockPermits)
    throw new UsageError(
      `--lock ${text}: after the name comes how many may hold it, a whole number from 1 to ${LIMITS.lockPermits}.`,
    );
  return { name, permits: count };
}

/** Variable and secret. */
function secretNeed(item: string): [variable: string, secret: string] {
  const at = item.indexOf("=");
  const variable = at === -1 ? item : item.slice(0, at);
  if (LIMITS.environmentName.test(variable)) return [variable, item.slice(at + 1)];
  throw new UsageError(
    at === -1
      ? `--secret ${item}: that is no name of a variable; write ENV=${item}.`
      : `--secret ${item}: the name of a variable consists of letters, digits and _, and does not begin with a digit.`,
  );
}

function readEnvironment(items: readonly string[], environment: NodeJS.ProcessEnv): Record<string, string> {
  const result: Record<string, string> = {};
  for (const item of items) {
    const at = item.indexOf("=");
    const name = at === -1 ? item : item.slice(0, at);
    if (!LIMITS.environmentName.test(name))
      throw new UsageError(`--env ${item}: a name consists of letters, digits and _, and does not begin with a digit.`);
    const value = at === -1 ? environment[name] : item.slice(at + 1);
    if (value === undefined) throw new UsageError(`--env ${name}: the variable is not set here; write ${name}=VALUE.`);
    result[name] = value;
  }
  return result;
}
