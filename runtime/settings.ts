import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { nearest } from "./nearest.ts";
import { KNOWN_NAMES, SETTINGS, type Settings } from "./settings-table.ts";

/** The environment cannot be used as it is; the message lists every problem, one a line. */
export class SettingsError extends Error {
  constructor(problems: readonly string[]) {
    super(`Settings cannot be used:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
    this.name = "SettingsError";
  }
}

/**
 * Reads every setting from `environment`, and from the `.env` file beside it for names the environment lacks.
 * @throws SettingsError naming all bad values and unknown `TSS_*` names at once.
 */
export function readSettings(environment: NodeJS.ProcessEnv = process.env, envFile = ".env"): Settings {
  const problems: string[] = [];
  const all: NodeJS.ProcessEnv = { ...readEnvFile(envFile, problems), ...environment };
  for (const name of Object.keys(all)) {
    if (!name.startsWith("TSS_") || name in SETTINGS || KNOWN_NAMES.has(name)) continue;
    problems.push(`${name} is not a setting of TSS${suggestion(name)}; .env.example lists them`);
  }
  const values: Record<string, unknown> = {};
  for (const [name, definition] of Object.entries(SETTINGS)) {
    const text = all[name];
    values[name] = definition.fallback;
    if (text === undefined || text === "") continue;
    try {
      values[name] = definition.parse(text);
    } catch (error) {
      problems.push(`${name} ${(error as Error).message} (it is "${isSecret(name) ? "…" : text}")`);
    }
  }
  if (problems.length > 0) throw new SettingsError(problems);
  return values as Settings;
}

/** Whether a person has set it, rather than left it at what it is without a word. */
export function isSet(name: keyof Settings, environment: NodeJS.ProcessEnv = process.env, envFile = ".env"): boolean {
  return ({ ...readEnvFile(envFile, []), ...environment }[name] ?? "") !== "";
}

/** A line that names a setting and gives it no value would be left out without a word. */
const NO_ASSIGNMENT = /^\s*(?:export\s+)?(TSS_\w+)(?!\w)(?!\s*=)/;

function readEnvFile(file: string, problems: string[]): NodeJS.Dict<string> {
  if (!existsSync(file)) return {};
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    problems.push(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}); mend or remove it`);
    return {};
  }
  for (const [index, line] of text.split("\n").entries()) {
    const [, name] = NO_ASSIGNMENT.exec(line) ?? [];
    if (name !== undefined) problems.push(`${file}, line ${index + 1}: ${name} has no value; write ${name}=VALUE`);
  }
  return parseEnv(text);
}

/** Values of these never reach a log or an error. */
export function isSecret(name: string): boolean {
  return /KEY|URL|SECRET|PASSWORD|TOKEN/.test(name);
}

function suggestion(unknown: string): string {
  const near = nearest(
    unknown.slice(4).toLowerCase(),
    Object.keys(SETTINGS).map((name) => name.slice(4).toLowerCase()),
  );
  return near === undefined ? "" : ` (did you mean TSS_${near.toUpperCase()}?)`;
}
