import { closeSync, openSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LedgerLine } from "./types.ts";

/**
 * The ledger is written by the commands themselves, outside TSS, and is the only truth about what ran. A line is one write
 * to a file that is opened for appending, so that lines of many commands do not mix; a process that is killed loses none,
 * because what was written is in the hands of the kernel.
 */
const SCRIPT = `note() {
  read -r up _ < /proc/uptime
  printf '%s %s %s %s %s %s %s %s\\n' "$1" "$TSS_TASK_ID" "$TSS_ATTEMPT" "$TSS_FENCING_TOKEN" "$LEDGER_AGENT" "$$" "$up" "\${2:--}" >> "$LEDGER"
}
finish() {
  [ "$1" = 0 ] && printf '"%s"' "$TSS_FENCING_TOKEN" > "$TSS_OUTPUT"
  note end "$1"
  exit "$1"
}
wait_for() {
  while [ ! -e "$1" ]; do
    note beat
    sleep 0.5
  done
}
note start
case $1 in
  ok) finish 0 ;;
  fail) finish 7 ;;
  flaky) [ "$TSS_ATTEMPT" = 1 ] && finish 7; finish 0 ;;
  long | once) wait_for "$3"; finish 0 ;;
  stale) if [ "$TSS_ATTEMPT" = 1 ]; then wait_for "$2"; else wait_for "$3"; fi; finish 0 ;;
  endless) wait_for /nowhere ;;
esac
`;

export interface Ledger {
  /** Its path, which every command has as LEDGER in its environment. */
  readonly file: string;
  /** What an agent must have in its environment for its commands to find the ledger. */
  environment(agent: string): Record<string, string>;
  /** A command line of this kind; `files` are what it waits for. */
  command(kind: string, ...files: string[]): string;
  /** Everything that was written so far, in order. */
  lines(): readonly LedgerLine[];
  /** Tasks of which some run has ended by itself. */
  ended(): ReadonlySet<string>;
  close(): void;
}

/** Makes the ledger and the script of its commands in this folder. */
export function openLedger(folder: string): Ledger {
  const [file, script] = [join(folder, "ledger"), join(folder, "task.sh")];
  writeFileSync(file, "");
  writeFileSync(script, SCRIPT);
  const fd = openSync(file, "r");
  const buffer = Buffer.alloc(65_536);
  const lines: LedgerLine[] = [];
  const ended = new Set<string>();
  let rest = "";
  const read = (): readonly LedgerLine[] => {
    for (let length = readSync(fd, buffer); length > 0; length = readSync(fd, buffer)) {
      const texts = (rest + buffer.toString("latin1", 0, length)).split("\n");
      rest = texts.pop() as string;
      for (const line of texts.map(parseLine)) {
        lines.push(line);
        if (line.what === "end") ended.add(line.task);
      }
    }
    return lines;
  };
  return {
    file,
    environment: (agent) => ({ LEDGER: file, LEDGER_AGENT: agent }),
    command: (kind, ...files) => ["exec sh", script, kind, ...files].join(" "),
    lines: read,
    ended() {
      read();
      return ended;
    },
    close: () => closeSync(fd),
  };
}

/** @throws Error when it is no line of a ledger. */
export function parseLine(text: string): LedgerLine {
  const [what, task, attempt, token, agent, pid, up, code] = text.split(" ");
  if (code === undefined || !["start", "beat", "end"].includes(what as string))
    throw new Error(`no line of a ledger: ${JSON.stringify(text)}`);
  return {
    what: what as LedgerLine["what"],
    task: task as string,
    attempt: Number(attempt),
    token: Number(token),
    agent: agent as string,
    pid: Number(pid),
    t: Number(up) * 1_000,
    ...(code === "-" ? {} : { code: Number(code) }),
  };
}
