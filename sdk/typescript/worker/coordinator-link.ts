import type { Connection } from "../connection-types.ts";
import type { StreamSession } from "./open-work-session.ts";

/** One of the coordinators that a worker has a session with. */
export interface CoordinatorLink {
  readonly address: string;
  readonly connection: Connection;
  readonly session: StreamSession;
  /** It used up its offers since it was last given some. */
  hungry: boolean;
  /** It is no coordinator of the system any more: what it gave comes to its end, nothing new comes. */
  retiring: boolean;
}
