import { nearest } from "../runtime/nearest.ts";
import { COMMANDS, TOPIC_ALIASES, TOPICS } from "./command-table.ts";

/** What the words of a command line ask for. */
export type Request =
  | { readonly kind: "command"; readonly id: string; readonly argv: readonly string[] }
  /** Help for everything (no words), a topic or a command. */
  | { readonly kind: "help"; readonly words: readonly string[] }
  | { readonly kind: "unknown"; readonly words: string; readonly suggestion: string | undefined };

const HELP_FLAGS = new Set(["--help", "-h"]);

/** Reads a command line as far as the name of the command; flags that every command has may stand before it. */
export function resolveCommand(argv: readonly string[]): Request {
  const { leading, rest } = takeLeadingFlags(argv);
  const words = rest.slice(0, firstFlag(rest));
  if (words[0] === "help") return helpFor(words.slice(1));
  const named = [TOPIC_ALIASES[words[0] ?? ""] ?? words[0] ?? "", ...words.slice(1)];
  const asksHelp =
    ownArguments(rest).some((word) => HELP_FLAGS.has(word)) || leading.some((word) => HELP_FLAGS.has(word));
  for (const length of [2, 1]) {
    const id = named.slice(0, length).join(":");
    if (named.length < length || COMMANDS[id] === undefined) continue;
    if (asksHelp) return { kind: "help", words: named.slice(0, length) };
    return { kind: "command", id, argv: [...leading, ...rest.slice(length)] };
  }
  if (words.length === 0 && rest.length > 0 && !asksHelp)
    return { kind: "unknown", words: rest[0] ?? "", suggestion: undefined };
  return helpFor(named.filter((word) => word !== ""));
}

function helpFor(words: readonly string[]): Request {
  const named = [TOPIC_ALIASES[words[0] ?? ""] ?? words[0] ?? "", ...words.slice(1)].slice(0, 2);
  const [topic = "", verb] = named;
  if (topic === "") return { kind: "help", words: [] };
  if (COMMANDS[topic] !== undefined || (TOPICS[topic] !== undefined && verb === undefined))
    return { kind: "help", words: [topic] };
  if (COMMANDS[named.join(":")] !== undefined) return { kind: "help", words: named };
  return { kind: "unknown", words: named.join(" "), suggestion: suggest(topic, verb) };
}

function suggest(topic: string, verb: string | undefined): string | undefined {
  const names = Object.keys(COMMANDS).map((id) => id.replace(":", " "));
  if (TOPICS[topic] !== undefined && verb !== undefined) {
    const verbs = names.filter((name) => name.startsWith(`${topic} `)).map((name) => name.slice(topic.length + 1));
    const near = nearest(verb, verbs);
    return near === undefined ? undefined : `${topic} ${near}`;
  }
  const nearTopic = nearest(topic, Object.keys(TOPICS));
  if (nearTopic !== undefined && verb !== undefined) return suggest(nearTopic, verb) ?? nearTopic;
  return (
    nearest(topic, [...names.filter((name) => !name.includes(" ")), ...Object.keys(TOPICS)]) ?? byVerb(topic, names)
  );
}

/** `tss abort` → `tss task abort`: the verb alone, when one topic has it or tasks do. */
function byVerb(verb: string, names: readonly string[]): string | undefined {
  const matches = names.filter((name) => name.endsWith(` ${verb}`));
  return matches.find((name) => name.startsWith("task ")) ?? matches[0];
}

function takeLeadingFlags(argv: readonly string[]): { leading: string[]; rest: string[] } {
  let at = 0;
  while (at < argv.length) {
    const word = argv[at] ?? "";
    if (word === "--coordinator" && at + 1 < argv.length) at += 2;
    else if (word === "--json" || HELP_FLAGS.has(word) || word.startsWith("--coordinator=")) at += 1;
    else break;
  }
  return { leading: argv.slice(0, at), rest: argv.slice(at) };
}

function firstFlag(argv: readonly string[]): number {
  const at = argv.findIndex((word) => word.startsWith("-"));
  return at === -1 ? argv.length : at;
}

/** What stands before `--`; the rest belongs to the command a task runs. */
function ownArguments(argv: readonly string[]): readonly string[] {
  const at = argv.indexOf("--");
  return at === -1 ? argv : argv.slice(0, at);
}
