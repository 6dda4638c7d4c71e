import type { TssError } from "../proto/errors.ts";
import type { Logger } from "../runtime/logger.ts";
import type { Settings } from "../runtime/settings-table.ts";
import { clientTlsOf } from "../runtime/tls/client-tls.ts";
import { connectionOptionsOf } from "../sdk/typescript/connection/local-connection.ts";
import { openConnection } from "../sdk/typescript/connection/open-connection.ts";
import { joinedSessions } from "../sdk/typescript/worker/joined-session.ts";
import type { OpenWorkSession } from "../sdk/typescript/worker/work-session-types.ts";

export interface AgentConnection {
  readonly openSession: OpenWorkSession;
  /** Rejects with the TssError of a refusal that no waiting mends, such as a key the coordinator does not know. */
  readonly refused: Promise<void>;
}

/**
 * The agent's way to its coordinator, as the settings say.
 * @param onAway told whenever the coordinator is not there; it is tried again.
 * @throws TssError FAILED_PRECONDITION when a file they name cannot be used.
 */
export function connectAgent(
  settings: Settings,
  version: string,
  logger: Logger,
  onAway: (error: TssError) => void = () => {},
): AgentConnection {
  const { TSS_COORDINATOR: address, TSS_API_KEY: apiKey, TSS_CREDENTIALS: credentials } = settings;
  const onTlsProblem = (sentence: string) => logger.error({}, sentence);
  const options = connectionOptionsOf({ address, apiKey, credentials, ...clientTlsOf(settings), onTlsProblem });
  const refused = Promise.withResolvers<void>();
  // An agent inside another process may leave it to the log.
  refused.promise.catch(() => undefined);
  const openSession = joinedSessions({ ...options, userAgent: `tss-agent/${version}` }, openConnection, {
    onDisconnected: (error, final) => {
      logger.warn({ code: error.code, coordinator: address }, error.message);
      if (final) refused.reject(error);
      else onAway(error);
    },
  });
  return { openSession, refused: refused.promise };
}
