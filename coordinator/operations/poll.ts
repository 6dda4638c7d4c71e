import { LIMITS } from "../../proto/limits.ts";
import type { LeaseGrant, WorkAnswer, WorkStream } from "./operations.ts";

/** A poll that does not wait is still given what the flush brings that its coming has set off. */
const ONE_FLUSH_MS = 50;

/** What a lease takes on the wire apart from its spec, and an answer apart from its leases; at most. */
const LEASE_BYTES = 128;
const ANSWER_BYTES = 256 * 1024;

/** A stream that gathers one answer. */
export class Poll implements WorkStream {
  readonly cancels: NonNullable<WorkAnswer["cancels"]>[number][] = [];
  readonly leases: LeaseGrant[] = [];
  #ready: (() => void) | null = null;
  #done = false;

  send(answer: WorkAnswer): boolean {
    this.leases.push(...(answer.leases ?? []));
    this.cancels.push(...(answer.cancels ?? []));
    if (this.leases.length > 0 || this.cancels.length > 0 || answer.drain) this.end();
    return true;
  }

  /** Reports of a simple client are answered by their own call; a late one of a stream before finds nobody. */
  acknowledge(): boolean {
    return true;
  }

  onDrained(): void {}

  end(): void {
    this.#done = true;
    this.#ready?.();
  }

  /** Resolves when there is something to answer, after the time, or with the call. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (this.#done || signal.aborted) return resolve();
      const finish = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", finish);
        resolve();
      };
      const timer = setTimeout(finish, Math.max(ms, ONE_FLUSH_MS));
      this.#ready = finish;
      signal.addEventListener("abort", finish);
    });
  }
}

/** As many leases as one message holds, at least one. */
export function fitting(leases: readonly LeaseGrant[]): readonly LeaseGrant[] {
  let room = LIMITS.messageBytes - ANSWER_BYTES;
  return leases.filter(({ spec }, index) => {
    room -= LEASE_BYTES + spec.length;
    return room >= 0 || index === 0;
  });
}
