/**
 * What a series is of: everything, a queue, a type, or a type in a queue. Stored: never change how they are written. Queue names
 * have no slash; types are any text and come last.
 */
export const ALL = "";

export function keyOf(queue: string | null, type: string | null): string {
  if (queue === null) return type === null ? ALL : `t/${type}`;
  return type === null ? `q/${queue}` : `p/${queue}/${type}`;
}

/** Failed attempts of a group. */
export function failureKey(fingerprint: string): string {
  return `${FAILURES}${fingerprint}`;
}

/** How the keys of all failure groups begin. */
export const FAILURES = "f/";
