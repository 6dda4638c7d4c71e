import type { TaskSpec } from "../../../proto/gen/tss/v1/task_pb.js";
import { forbiddenVariable, type Policy } from "../../policy.ts";

/** A program to start and what it is given. */
export interface CommandLine {
  readonly kind: "run";
  readonly program: string;
  readonly args: readonly string[];
  /** A line too long for one argument: it has to be put into a file, whose path is the last argument. */
  readonly script?: string;
  /** The program has to be found with the agent's own PATH and not with the task's. */
  readonly resolve: boolean;
}

export interface RefusedCommand {
  readonly kind: "refused";
  readonly message: string;
}

/** What runs a line. It is there, or no agent would be. */
export const SHELL = "/bin/sh";

/** Linux takes at most 128 KiB in one argument, its closing NUL included. */
const ARGUMENT_BYTES = 128 * 1024 - 1;

/** A line that means the same with and without a shell: words of harmless characters, no assignment in front. */
const PLAIN_LINE = /^[A-Za-z0-9_@%+:,./-]+( +[A-Za-z0-9_@%+=:,./-]+)*$/;

/** What to start for a task, or why this agent does not. Pure. */
export function planCommand(spec: TaskSpec, policy: Policy, agentName: string): CommandLine | RefusedCommand {
  if (policy.kind === "everything") return spec.argv.length > 0 ? plain(spec.argv, false) : shell(spec.command);
  const words = spec.argv.length > 0 ? spec.argv : wordsOf(spec.command);
  const add = "on that agent, or * for every command";
  if (words === undefined)
    return refuse(
      `Agent ${agentName} runs no shell lines because ${policy.because}; submit a program with its arguments, or put * into TSS_AGENT_ALLOW on that agent.`,
    );
  const program = words[0] ?? "";
  if (!policy.programs.has(program))
    return refuse(
      `Agent ${agentName} does not run "${program}" because ${policy.because}; add it to TSS_AGENT_ALLOW ${add}.`,
    );
  const variable = forbiddenVariable({ ...spec.env, ...spec.secrets });
  if (variable !== undefined)
    return refuse(
      `Agent ${agentName} takes no variable ${variable} from a task because ${policy.because}; leave it out, or put * into TSS_AGENT_ALLOW on that agent.`,
    );
  return plain(words, true);
}

function plain(words: readonly string[], resolve: boolean): CommandLine {
  return { kind: "run", program: words[0] ?? "", args: words.slice(1), resolve };
}

function shell(line: string): CommandLine {
  if (Buffer.byteLength(line) > ARGUMENT_BYTES)
    return { kind: "run", program: SHELL, args: [], script: line, resolve: false };
  // A line that starts like an option would be taken for one.
  const args = /^[-+]/.test(line) ? ["-c", "--", line] : ["-c", line];
  return { kind: "run", program: SHELL, args, resolve: false };
}

function wordsOf(line: string): readonly string[] | undefined {
  const trimmed = line.trim();
  return PLAIN_LINE.test(trimmed) ? trimmed.split(/ +/) : undefined;
}

function refuse(message: string): RefusedCommand {
  return { kind: "refused", message };
}
