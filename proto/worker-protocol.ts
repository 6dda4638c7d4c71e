import { TssError } from "./errors.ts";

/**
 * Versions of the worker protocol that this release speaks, as a worker and as a coordinator. A number is added when workers
 * and coordinators of neighbouring releases would misunderstand each other, never for a field that may be left out; `oldest`
 * follows releases later, so that a fleet is upgraded one machine after the other.
 */
export const WORKER_PROTOCOL = { oldest: 1, newest: 1 } as const;

/** Of workers and coordinators that say nothing of it. */
const UNSAID = 1;

export interface ProtocolRange {
  readonly oldest: number;
  readonly newest: number;
}

/** What a worker says that it speaks. */
export function rangeOf(info: { readonly protocol?: number; readonly oldestProtocol?: number }): ProtocolRange {
  const newest = info.protocol ?? UNSAID;
  return { oldest: info.oldestProtocol ?? newest, newest };
}

/** The version that a coordinator goes on with. */
export function newestOfBoth(worker: ProtocolRange): number {
  return Math.min(worker.newest, WORKER_PROTOCOL.newest);
}

/**
 * @param who names the worker and its version, e.g. `Worker "web-1" (version 5.0.0)`.
 * @throws TssError FAILED_PRECONDITION, reason VERSION_TOO_OLD or VERSION_TOO_NEW of the worker: there is no version that
 * both speak.
 */
export function requireCommonProtocol(worker: ProtocolRange, who: string, version: string): void {
  const own = WORKER_PROTOCOL;
  const both = `${who} speaks ${shown(worker)} of the worker protocol, and this coordinator (version ${version}) speaks ${shown(own)}`;
  if (worker.newest < own.oldest)
    throw new TssError("FAILED_PRECONDITION", `${both}: upgrade the worker.`, { reason: "VERSION_TOO_OLD" });
  if (worker.oldest > own.newest)
    throw new TssError(
      "FAILED_PRECONDITION",
      `${both}: upgrade the coordinator first, or use a worker of its version.`,
      { reason: "VERSION_TOO_NEW" },
    );
}

/**
 * What is wrong with the version that a coordinator goes on with; undefined: nothing.
 * @param chosen as in Welcome.
 */
export function protocolProblem(chosen: number, serverVersion: string): TssError | undefined {
  const version = chosen || UNSAID;
  if (version >= WORKER_PROTOCOL.oldest && version <= WORKER_PROTOCOL.newest) return undefined;
  const reason = version < WORKER_PROTOCOL.oldest ? "VERSION_TOO_NEW" : "VERSION_TOO_OLD";
  return new TssError(
    "FAILED_PRECONDITION",
    `The coordinator (version ${serverVersion}) goes on with ${version} of the worker protocol, and this worker speaks ${shown(WORKER_PROTOCOL)}: use releases that are nearer to each other.`,
    { reason },
  );
}

/** Refusals that no waiting mends, because two programs are of releases too far apart. */
export function isVersionRefusal(error: { readonly reason: string }): boolean {
  return error.reason === "VERSION_TOO_OLD" || error.reason === "VERSION_TOO_NEW";
}

function shown({ oldest, newest }: ProtocolRange): string {
  return oldest === newest ? `version ${newest}` : `versions ${oldest} to ${newest}`;
}
