type Members = Readonly<Record<string, unknown>>;

/**
 * Puts in the place of `"$name.path"` what was kept under the name, and makes `$repeat` and `$list`. A text that only
 * contains `$queue` keeps the rest.
 * @throws Error for a name that nothing was kept under.
 */
export function expand(value: unknown, kept: ReadonlyMap<string, unknown>): unknown {
  if (typeof value === "string") return text(value, kept);
  if (Array.isArray(value)) return value.map((one) => expand(one, kept));
  if (typeof value !== "object" || value === null) return value;
  const members = value as Members;
  const times = Number(members["times"]);
  if ("$repeat" in members) return String(members["$repeat"]).repeat(times);
  if ("$list" in members) return Array.from({ length: times }, () => expand(members["$list"], kept));
  return Object.fromEntries(Object.entries(members).map(([key, one]) => [key, expand(one, kept)]));
}

function text(value: string, kept: ReadonlyMap<string, unknown>): unknown {
  const whole = /^\$(\w+)((?:\.\w+)*)$/.exec(value);
  if (whole === null) return value.replaceAll("$queue", String(kept.get("queue")));
  const [, name = "", path = ""] = whole;
  if (!kept.has(name)) throw new Error(`nothing is kept under $${name}`);
  return path
    .split(".")
    .slice(1)
    .reduce((inside, key) => (inside as Members | undefined)?.[key], kept.get(name) as unknown);
}
