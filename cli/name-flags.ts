import { TssError } from "../proto/errors.ts";

/** Flags that are not called as the field they fill, by the path of the field. */
const FLAGS: Readonly<Record<string, string>> = {
  "retry.limit": "retries",
  "retry.non_retryable_exit_codes": "no-retry-on",
  run_at: "at",
  cancel_grace: "grace",
  working_directory: "cwd",
  labels: "label",
  resources: "resource",
  locks: "lock",
  limits: "limit",
  secrets: "secret",
};

/**
 * The same error for a person who has typed flags: where its sentence names a field that a flag has filled, it names the flag.
 * What programs read of it (`violations`) keeps the fields.
 * @param flags those of the command.
 */
export function nameFlags(error: unknown, flags: ReadonlySet<string>): unknown {
  if (!(error instanceof TssError) || error.violations.length === 0) return error;
  // "ttl …" is also the end of "key_ttl …": each is looked for where a part of the sentence begins.
  let message = `; ${error.message}`;
  for (const { field, description } of error.violations) {
    const flag = flagOf(field, flags);
    if (flag !== undefined) message = message.replace(`; ${field} ${description}`, () => `; --${flag} ${description}`);
  }
  const { code, reason, violations, retryAfterMs } = error;
  return new TssError(code, message.slice(2), {
    reason,
    violations,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    cause: error,
  });
}

/** "locks[1].name" is of --lock, "retry.release_limit" of --release-limit. */
function flagOf(field: string, flags: ReadonlySet<string>): string | undefined {
  const path = field.replace(/\[[^\]]*\]/g, "");
  const parts = path.split(".");
  const first = parts[0] ?? "";
  const last = parts.at(-1) ?? "";
  const names = [FLAGS[path], parts.join("-"), FLAGS[first], last, first].map((name) => name?.replaceAll("_", "-"));
  return names.find((name) => name !== undefined && flags.has(name));
}
