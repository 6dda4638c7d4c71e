import type { TssError } from "../../../proto/errors.ts";
import { noneAnswers, whyNot } from "../connection/unreachable.ts";
import type { Connection } from "../connection-types.ts";
import { isFinalFor } from "./final-refusals.ts";
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

/**
 * What the worker hears when one of its streams has ended with `error`: one of several that goes is followed by the others, so
 * only the last one is news. `last`: no further try can mend it.
 */
export function newsOf(
  error: TssError,
  links: readonly CoordinatorLink[],
): { readonly news: TssError | undefined; readonly last: boolean } {
  const last = isFinalFor(
    error,
    links.map(({ trouble }) => trouble),
  );
  return { news: last ? error : troubleOf(links), last };
}

/** What is wrong with all of them; undefined: with some nothing is, as far as is known. */
function troubleOf(links: readonly CoordinatorLink[]): TssError | undefined {
  const each = links.map(({ address, trouble }) => trouble && { address, trouble });
  const all = each.filter((one) => one !== undefined);
  if (all.length < links.length) return undefined;
  if (all.length < 2) return all[0]?.trouble;
  return noneAnswers(all.map(({ address, trouble }) => ({ address, why: whyNot(trouble) })));
}
