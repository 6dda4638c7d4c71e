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
 * found as it is written. Each place is looked at once for every length of the path: what was sent cannot make it long.
 */
export function hasValue(json: unknown, { path, value }: Wanted): boolean {
  const places: [unknown, number][] = [[json, 0]];
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    const [node, at] = place;
    if (Array.isArray(node)) {
      for (const item of node) places.push([item, at]);
      const key = path[at];
      if (key !== undefined && /^\d{1,9}$/.test(key) && Number(key) < node.length)
        places.push([node[Number(key)], at + 1]);
    } else if (typeof node === "object" && node !== null) {
      for (let end = at + 1; end <= path.length; end++) {
        const key = path.slice(at, end).join(".");
        if (Object.hasOwn(node, key)) places.push([(node as Record<string, unknown>)[key], end]);
      }
    } else if (at === path.length && isSame(node, value)) return true;
  }
  return false;
}

/** Texts are compared letter by letter, numbers as numbers. */
function isSame(found: unknown, wanted: string): boolean {
  if (String(found) === wanted) return true;
  return typeof found === "number" && /^-?\d/.test(wanted) && Number(wanted) === found;
}
