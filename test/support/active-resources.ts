import { ChildProcess } from "node:child_process";
import { Server, Socket } from "node:net";

/** What keeps this process alive beside timers, by type, e.g. `TCPSocketWrap` → 2. */
export function activeResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo())
    if (type !== "Timeout") counts.set(type, (counts.get(type) ?? 0) + 1);
  return counts;
}

/** What is there now and was not before, e.g. `2 × TCPSocketWrap`; empty: nothing. */
export function resourcesBeyond(before: ReadonlyMap<string, number>): string[] {
  return [...activeResources()]
    .map(([type, count]) => ({ type, more: count - (before.get(type) ?? 0) }))
    .filter(({ more }) => more > 0)
    .map(({ type, more }) => `${more} × ${type}`);
}

/** Sockets, servers and child processes in words, as far as Node tells of them: to find whose they are. */
export function describeHandles(): string[] {
  const { _getActiveHandles: list } = process as unknown as { _getActiveHandles?: () => unknown[] };
  return (list?.() ?? []).flatMap((handle) => {
    if (handle instanceof ChildProcess) return [`process ${handle.pid}: ${handle.spawnargs.join(" ").slice(0, 120)}`];
    if (handle instanceof Server) return [`server on ${JSON.stringify(handle.address())}`];
    if (handle instanceof Socket && handle.remotePort !== undefined)
      return [`connection from ${handle.localPort} to ${handle.remoteAddress}:${handle.remotePort}`];
    return [];
  });
}
