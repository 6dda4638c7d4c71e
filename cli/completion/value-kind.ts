import type { CommandShape, FlagShape } from "../command-shapes.ts";

/** Values that `tss complete KIND` lists. */
export const VALUE_KINDS = ["tasks", "queues", "workers", "locks", "keys"] as const;
export type ValueKind = (typeof VALUE_KINDS)[number];

/** What completes an argument or the value of a flag: fixed words, values of the coordinator, files, or nothing. */
export type Values =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "asked"; readonly values: ValueKind }
  | { readonly kind: "files" }
  | undefined;

export function flagValues(flag: FlagShape): Values {
  if (flag.options.length > 0) return { kind: "words", words: flag.options };
  if (flag.name === "queue") return { kind: "asked", values: "queues" };
  if (flag.name === "status")
    return { kind: "words", words: ["waiting", "running", "succeeded", "failed", "cancelled"] };
  return flag.name === "payload" || flag.name === "cwd" ? { kind: "files" } : undefined;
}

export function argumentValues(command: CommandShape): Values {
  const [argument] = command.args;
  if (command.name === "completion") return { kind: "words", words: ["bash", "zsh", "fish"] };
  if (argument?.name === "worker") return { kind: "asked", values: "workers" };
  if (argument?.name === "queue") return { kind: "asked", values: "queues" };
  if (argument?.name === "lock") return { kind: "asked", values: "locks" };
  if (argument?.name !== "id") return undefined;
  return { kind: "asked", values: command.name.startsWith("key ") ? "keys" : "tasks" };
}

/** `--name` and `-n` of a flag. */
export function spellings(flag: FlagShape): string[] {
  return [`--${flag.name}`, ...(flag.char === undefined ? [] : [`-${flag.char}`])];
}

/** First words of the command line, and the second words of each. */
export function commandTree(commands: readonly CommandShape[]): Map<string, string[]> {
  const tree = new Map<string, string[]>();
  for (const { name } of commands) {
    const [first = "", second] = name.split(" ");
    tree.set(first, [...(tree.get(first) ?? []), ...(second === undefined ? [] : [second])]);
  }
  return tree;
}
