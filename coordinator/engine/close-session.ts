import { TssError } from "../../proto/errors.ts";
import { loseAttempt } from "./lose.ts";
import { giveBack } from "./send.ts";
import { leaveProfile, updateReady } from "./serving.ts";
import type { Session } from "./session.ts";
import type { EngineState } from "./state.ts";

/** The session is over: what it held is lost. A session that is over already stays so. */
export function closeSession(state: EngineState, session: Session): void {
  if (state.sessions.get(session.id) !== session) return;
  state.sessions.delete(session.id);
  const { stream } = session;
  // Nothing is leased to it any more, whatever it gives back below.
  session.stream = null;
  updateReady(state, session);
  for (const item of [...session.held]) {
    // A lease that was never sent costs nothing.
    if (item.attempt?.committed === false) giveBack(state, item);
    else loseAttempt(state, item);
  }
  leaveProfile(state, session.profile);
  stream?.end(
    new TssError("ABORTED", "The coordinator heard nothing of this worker for too long.", { reason: "SESSION_LOST" }),
  );
}
