import { statSync } from "node:fs";

/** What is read from files that may be replaced while the process runs. */
export interface FreshFiles<T> {
  /** As the files are now; the value before while they cannot be used, as when one of a pair is written and the other is not yet. */
  latest(): T;
}

/**
 * Reads files again when they were replaced. Nothing watches them: whoever needs the value asks for it, which costs a stat
 * of each.
 * @param onProblem told once, each time that they were replaced by something that cannot be used.
 * @throws what `read` throws the first time.
 */
export function freshFiles<T>(
  paths: readonly string[],
  read: () => T,
  onProblem: (error: Error) => void,
): FreshFiles<T> {
  // Taken before the read: what is replaced meanwhile is read again the next time.
  let seen = signatureOf(paths);
  let value = read();
  return {
    latest() {
      const now = signatureOf(paths);
      if (now === seen) return value;
      seen = now;
      try {
        value = read();
      } catch (error) {
        onProblem(error as Error);
      }
      return value;
    },
  };
}

function signatureOf(paths: readonly string[]): string {
  return paths.map(signature).join("\n");
}

/** What cannot be looked at has one too: the read says what is wrong, once, and the value before stays. */
function signature(path: string): string {
  try {
    const { ino, size, mtimeNs } = statSync(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "unreadable";
  }
}
