import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A command as the shell has understood it. */
export interface DryCommand {
  readonly words: readonly string[];
  /** Where the block had gone with `cd`; "" for where it began. */
  readonly folder: string;
  /** The environment's names that begin with TSS_. */
  readonly settings: readonly string[];
}

/** Each says one word, for what a block keeps of its output. */
const RECORDER = `#!/bin/sh
echo 1
printf '%s\\0' "$DRY_FOLDER" "$(export -p)" "$#" "\${0##*/}" "$@" >> "$DRY_LOG"
`;

/**
 * What a shell makes of a text, with nothing of it run: on the path are only recorders, under the names of `programs`.
 * @param programs names on the path; with a slash: files of the folder.
 * @param folder an empty one, which is the shell's; what the text redirects is written there.
 * @throws Error when the shell cannot read it, a command is none of `programs`, or output would go elsewhere.
 */
export function dryRun(text: string, programs: readonly string[], folder: string): DryCommand[] {
  if (/>\s*[/~]|(?:^|[;&|(]\s*)\/|^\s*\//m.test(text))
    throw new Error(`It names files outside of its folder:\n${text}`);
  const bin = join(folder, "bin");
  const log = join(folder, "log");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, ".record"), RECORDER, { mode: 0o755 });
  for (const name of programs) {
    const file = join(name.includes("/") ? folder : bin, name);
    mkdirSync(dirname(file), { recursive: true });
    symlinkSync(join(bin, ".record"), file);
  }
  writeFileSync(log, "");
  const script = `DRY_FOLDER=; export DRY_FOLDER; cd() { DRY_FOLDER=$1; }\n${text}`;
  const env = { PATH: bin, DRY_LOG: log, PWD: folder, HOME: folder };
  const { stderr, error } = spawnSync("/bin/sh", ["-c", script], { cwd: folder, env, encoding: "utf8" });
  if (error !== undefined || stderr !== "") throw new Error(`${error ?? stderr}in:\n${text}`);
  return recorded(readFileSync(log, "utf8").split("\0"));
}

function recorded(fields: readonly string[]): DryCommand[] {
  const commands: DryCommand[] = [];
  for (let at = 0; at + 3 < fields.length; ) {
    const end = at + 4 + Number(fields[at + 2]);
    const settings = [...(fields[at + 1] ?? "").matchAll(/^export (TSS_[A-Z0-9_]*)/gm)].map(
      (match) => match[1] as string,
    );
    commands.push({ words: fields.slice(at + 3, end), folder: fields[at] ?? "", settings });
    at = end;
  }
  return commands;
}
