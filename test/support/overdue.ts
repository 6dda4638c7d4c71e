import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, watch } from "node:fs";
import { basename, dirname } from "node:path";

/**
 * Waits for the end of a process whose last deed is to write `file`. One that does not end by then is held up by a handle
 * that somebody forgot: it is ended after `patienceMs`.
 * @returns its exit code, and whether it had to be ended.
 */
export async function untilEnded(
  child: ChildProcess,
  file: string,
  patienceMs: number,
): Promise<{ readonly code: number | null; readonly overdue: boolean }> {
  let overdue = false;
  let timer: NodeJS.Timeout | undefined;
  const begin = () => {
    if (timer !== undefined || !existsSync(file)) return;
    timer = setTimeout(() => {
      overdue = true;
      child.kill("SIGTERM");
    }, patienceMs);
  };
  const watcher = watch(dirname(file), (_, name) => {
    if (name === basename(file)) begin();
  });
  begin();
  try {
    const [code] = (await once(child, "exit")) as [number | null];
    return { code, overdue };
  } finally {
    clearTimeout(timer);
    watcher.close();
  }
}
