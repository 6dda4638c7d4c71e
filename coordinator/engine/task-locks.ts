import { TssError } from "../../proto/errors.ts";
import { LIMITS } from "../../proto/limits.ts";
import type { LockNeed, TaskLock } from "../kernel/task-lock.ts";

/** The locks of the system, whoever owns them. */
export interface LockCalls {
  /** Waits in line. @throws TssError; whatever was to be given is given up when the signal fires. */
  acquire(need: LockNeed, holder: string, ttlMs: number, signal: AbortSignal): Promise<TaskLock>;
  /** @returns false: it is not held any more. */
  renew(lock: TaskLock): Promise<boolean>;
  /** Settles when it is free, or was before. */
  release(lock: TaskLock): Promise<void>;
  /** Who has it, since when (wall clock), and how many stand in line. */
  look(name: string): Promise<{ holders: { holder: string; since: number }[]; waiting: number }>;
}

interface Kept {
  readonly lock: TaskLock;
  /** False: another coordinator keeps it by now. */
  readonly isOurs: () => boolean;
  readonly lost: () => void;
}

const ABSENT: LockCalls = {
  acquire: () => Promise.reject(new TssError("UNAVAILABLE", "Locks are not served yet.", { reason: "NOT_OWNER" })),
  renew: () => Promise.reject(new Error("locks are not served yet")),
  release: () => Promise.reject(new Error("locks are not served yet")),
  look: () => Promise.reject(new Error("locks are not served yet")),
};

/** How often a release is tried again that nobody has answered, ms. */
const AGAIN_MS = 1_000;

/** What is held for tasks by this coordinator: it renews them until they are freed. */
export class TaskLocks {
  /** How long a lock outlives the coordinator that keeps it, ms. */
  readonly ttlMs: number;
  readonly #kept = new Map<string, Kept>();
  #calls = ABSENT;

  constructor(ttlMs: number) {
    this.ttlMs = Math.max(ttlMs, LIMITS.lockTtlMinMs);
  }

  connect(calls: LockCalls): void {
    this.#calls = calls;
  }

  acquire(need: LockNeed, holder: string, signal: AbortSignal): Promise<TaskLock> {
    return this.#calls.acquire(need, holder, this.ttlMs, signal);
  }

  look(name: string): ReturnType<LockCalls["look"]> {
    return this.#calls.look(name);
  }

  /** Renews it from now on, in place of who kept it before. */
  keep(lock: TaskLock, isOurs: () => boolean, lost: () => void): void {
    this.#kept.set(keyOf(lock), { lock, isOurs, lost });
  }

  free(locks: readonly TaskLock[]): void {
    for (const lock of locks) {
      this.#kept.delete(keyOf(lock));
      void this.#release(lock, performance.now() + this.ttlMs);
    }
  }

  /** It has ended; unless it was freed here, it was taken away. */
  gone(lock: TaskLock): void {
    const kept = this.#kept.get(keyOf(lock));
    if (kept === undefined) return;
    this.#kept.delete(keyOf(lock));
    if (kept.isOurs()) kept.lost();
  }

  /** To be called a few times in a term. */
  async renew(): Promise<void> {
    await Promise.all([...this.#kept.values()].map((kept) => this.#renew(kept)));
  }

  async #renew(kept: Kept): Promise<void> {
    const key = keyOf(kept.lock);
    if (!kept.isOurs()) return void this.#kept.delete(key);
    // One that cannot be asked for now is asked for again; it ends by its own clock.
    const held = await this.#calls.renew(kept.lock).catch(() => true);
    if (!held && this.#kept.get(key) === kept) this.gone(kept.lock);
  }

  /** Nobody renews it any more, so that after a term it is free in any case. */
  async #release(lock: TaskLock, until: number): Promise<void> {
    await this.#calls.release(lock).catch(() => {
      if (performance.now() < until) setTimeout(() => this.#release(lock, until), AGAIN_MS).unref();
    });
  }
}

function keyOf({ name, token }: TaskLock): string {
  return `${name} ${token}`;
}
