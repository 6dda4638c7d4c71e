import type { TssError } from "../../../proto/errors.ts";
import { noneAnswers, whyNot } from "../connection/unreachable.ts";
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
  /** Why its stream is not there; undefined: it is, or was not tried yet. */
  trouble: TssError | undefined;
}

/** What is wrong with all of them; undefined: with some nothing is, as far as is known. */
export function troubleOf(links: readonly CoordinatorLink[]): TssError | undefined {
  const each = links.map(({ address, trouble }) => trouble && { address, trouble });
  const all = each.filter((one) => one !== undefined);
  if (all.length < links.length) return undefined;
  if (all.length < 2) return all[0]?.trouble;
  return noneAnswers(all.map(({ address, trouble }) => ({ address, why: whyNot(trouble) })));
}
