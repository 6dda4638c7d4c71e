import type { Connection } from "./connection.ts";
import type { OwnerLock } from "./owner-lock.ts";
import type { OwnerMemory } from "./owner-memory.ts";

/** What the parts of an open store share. */
export interface Handles {
  readonly path: string;
  readonly writer: Connection;
  readonly reader: Connection;
  readonly memory: OwnerMemory;
  readonly lock: OwnerLock;
  readonly failpoint: (name: string) => void;
}

/** A transaction of the owner: what it remembers is forgotten when the transaction fails. */
export function ownerWrite<T>(handles: Handles, body: () => T, beforeCommit?: () => void): T {
  try {
    return handles.writer.write(body, beforeCommit);
  } catch (error) {
    handles.memory.forget();
    throw error;
  }
}
