import * as Flags from "@oclif/core/flags";
import { durationFlag, pairsFlag, timeFlag } from "./flags.ts";

/** What a task can be told besides what it runs; `tss task create` and `tss run` share it. */
export const TASK_FLAGS = {
  name: Flags.string({ char: "n", helpValue: "NAME", description: "name of the task; by default what it runs" }),
  queue: Flags.string({ char: "q", helpValue: "QUEUE", description: 'queue it waits in; by default "default"' }),
  priority: Flags.integer({
    char: "p",
    helpValue: "N",
    description: "-128 to 127, higher first; by default 0",
  }),
  delay: durationFlag({ description: "start no earlier than this long from now", exclusive: ["at"] }),
  at: timeFlag({ description: "start no earlier than this time" }),
  expires: durationFlag({ description: "fail it if no attempt has started this long after it became due" }),
  retries: Flags.integer({ char: "r", helpValue: "N", description: "attempts after the first: 0 to 99" }),
  "retry-interval": durationFlag({ description: "pause before the second attempt; by default 1s" }),
  "retry-backoff": Flags.option({
    options: ["fixed", "exponential"] as const,
    description: "how the pauses grow; by default exponential",
  })(),
  "retry-max-interval": durationFlag({ description: "longest pause between two attempts; by default 1h" }),
  "no-retry-on": Flags.string({
    helpValue: "CODE,CODE",
    description: "exit codes after which it is not tried again",
  }),
  timeout: durationFlag({ char: "t", description: "longest run of one attempt" }),
  "heartbeat-timeout": durationFlag({ description: "fail an attempt whose handler is silent for this long" }),
  grace: durationFlag({ description: "time between SIGTERM and SIGKILL on cancel or timeout; by default 10s" }),
  label: pairsFlag({ char: "l", description: "label to find it by, as often as needed" }),
  selector: pairsFlag({ description: "label a worker must have to run it, as often as needed" }),
  resource: pairsFlag({ description: "what it takes from a worker (gpu=1), as often as needed" }),
  "on-agent-restart": Flags.option({
    options: ["adopt", "kill"] as const,
    description: "what an agent that was restarted does with it while it runs: go on with it (by default), or end it",
  })(),
  "release-limit": Flags.integer({
    helpValue: "N",
    description: "how often it may be given back at no cost when its agent has to go while it runs; by default 3",
  }),
  lock: Flags.string({
    helpValue: "NAME[:PERMITS]",
    multiple: true,
    multipleNonGreedy: true,
    description: "lock it holds while it runs, with how many may hold it if more than 1; as often as needed",
  }),
  env: Flags.string({
    char: "e",
    helpValue: "NAME[=VALUE]",
    multiple: true,
    multipleNonGreedy: true,
    description: "variable of the command's environment; NAME alone takes the value from here",
  }),
  secret: Flags.string({
    helpValue: "[ENV=]NAME",
    multiple: true,
    multipleNonGreedy: true,
    description: "secret in the command's environment, under its own name or as ENV; as often as needed",
  }),
  cwd: Flags.string({ helpValue: "PATH", description: "directory the command runs in, on the worker's machine" }),
  user: Flags.string({
    helpValue: "NAME[:GROUP]",
    description: "user the command runs as, if its agent allows it; a name or number",
  }),
  umask: Flags.string({ helpValue: "OCTAL", description: "permissions that files of the command are not given: 022" }),
  limit: pairsFlag({
    description:
      "what the command may take at most, as often as needed: memory=512m, pids=100, cpus=0.5, nofile, nproc, core, fsize, cpu_seconds, as, data, stack, memlock",
  }),
  "fairness-key": Flags.string({
    helpValue: "KEY",
    description: "tasks of one queue and priority with different keys take turns",
  }),
  "idempotency-key": Flags.string({ helpValue: "KEY", description: "the same key and task within 24h make one task" }),
};

/** Values of TASK_FLAGS after parsing. */
export interface TaskFlags {
  readonly name?: string;
  readonly queue?: string;
  readonly priority?: number;
  readonly delay?: number;
  readonly at?: number;
  readonly expires?: number;
  readonly retries?: number;
  readonly "retry-interval"?: number;
  readonly "retry-backoff"?: "fixed" | "exponential";
  readonly "retry-max-interval"?: number;
  readonly "no-retry-on"?: string;
  readonly timeout?: number;
  readonly "heartbeat-timeout"?: number;
  readonly grace?: number;
  readonly label?: readonly string[];
  readonly selector?: readonly string[];
  readonly resource?: readonly string[];
  readonly lock?: readonly string[];
  readonly "on-agent-restart"?: "adopt" | "kill";
  readonly "release-limit"?: number;
  readonly env?: readonly string[];
  readonly secret?: readonly string[];
  readonly cwd?: string;
  readonly user?: string;
  readonly umask?: string;
  readonly limit?: readonly string[];
  readonly "fairness-key"?: string;
  readonly "idempotency-key"?: string;
}
