/** A value that a payload is to have at a path. */
export interface Wanted {
  readonly path: readonly string[];
  readonly value: string;
}

/** "user.id=42"; null: it names no path. The value may have further equals signs. */
export function readWanted(text: string): Wanted | null {
  const at = text.indexOf("=");
  const path = text.slice(0, Math.max(at, 0)).split(".");
  return path.some((key) => key === "") ? null : { path, value: text.slice(at + 1) };
}

/**
 * Whether a value stands at the path. Lists are gone through by any item, or by the number of one; a key with dots in it is
 * found as it is written. Each list and object is looked at once for every part of the path: what was sent cannot make it long.
 */
export function hasValue(json: unknown, { path, value }: Wanted): boolean {
  const keys = keysOf(path);
  const seen = [...path, ""].map(() => new Set<object>());
  const places: [unknown, number][] = [[json, 0]];
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    const [node, at] = place;
    if (typeof node !== "object" || node === null) {
      if (at === path.length && isSame(node, value)) return true;
      continue;
    }
    if (seen[at]?.has(node)) continue;
    seen[at]?.add(node);
    if (Array.isArray(node)) {
      for (const item of node) places.push([item, at]);
      const number = path[at] ?? "";
      if (/^\d{1,9}$/.test(number) && Number(number) < node.length) places.push([node[Number(number)], at + 1]);
    } else
      for (const [key, inner] of Object.entries(node)) {
        const end = keys[at]?.get(key);
        if (end !== undefined) places.push([inner, end]);
      }
  }
  return false;
}

/** By the part of a path from which on they are looked for: keys, and the part that comes behind each. */
function keysOf(path: readonly string[]): ReadonlyMap<string, number>[] {
  return path.map((_, at) => {
    const ends = path.slice(at).map((_part, more) => at + more + 1);
    return new Map(ends.map((end) => [path.slice(at, end).join("."), end]));
  });
}

/** Texts are compared letter by letter, numbers as numbers. */
function isSame(found: unknown, wanted: string): boolean {
  if (String(found) === wanted) return true;
  return typeof found === "number" && /^-?\d/.test(wanted) && Number(wanted) === found;
}
