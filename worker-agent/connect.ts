import { resolve } from "node:path";
import type { TssError } from "../proto/errors.ts";
import type { Logger } from "../runtime/logger.ts";
import { isSet } from "../runtime/settings.ts";
import type { Settings } from "../runtime/settings-table.ts";
import { clientTlsOf } from "../runtime/tls/client-tls.ts";
import { clientTls } from "../sdk/typescript/connection/client-tls.ts";
import { connectionOptionsOf } from "../sdk/typescript/connection/local-connection.ts";
import { openConnection } from "../sdk/typescript/connection/open-connection.ts";
import type { ConnectionOptions } from "../sdk/typescript/connection-types.ts";
import { joinedSessions } from "../sdk/typescript/worker/joined-session.ts";
import type { OpenWorkSession } from "../sdk/typescript/worker/work-session-types.ts";
import { readIdentity } from "./identity/identity.ts";
import { IdentityInUse } from "./identity/in-use.ts";
import { coordinatorSecrets, type SecretSource } from "./secrets.ts";

export interface AgentConnection {
  readonly openSession: OpenWorkSession;
  readonly secrets: SecretSource;
  /** Rejects with the TssError of a refusal that no waiting mends, such as a key the coordinator does not know. */
  readonly refused: Promise<void>;
  /** Where it connects and as whom. */
  readonly options: ConnectionOptions;
}

/** Who an agent is: what it was given by joining, unless it is set to call with a key. */
export interface AgentIdentity {
  /** The settings, with the coordinator it joined where none is set. */
  readonly settings: Settings;
  /** Undefined: it has not joined. */
  readonly inUse: IdentityInUse | undefined;
}

/** @throws TssError FAILED_PRECONDITION when it has joined and what it kept cannot be used. */
export function findIdentity(settings: Settings): AgentIdentity {
  const directory = resolve(settings.TSS_WORKER_DIR ?? "./.tss/agent");
  const identity = settings.TSS_API_KEY === undefined ? readIdentity(directory) : undefined;
  if (identity === undefined) return { settings, inUse: undefined };
  const inUse = new IdentityInUse(directory, identity);
  if (isSet("TSS_COORDINATOR")) return { settings, inUse };
  return { settings: { ...settings, TSS_COORDINATOR: identity.coordinator }, inUse };
}

/**
 * The agent's way to its coordinator.
 * @param onAway told whenever the coordinator is not there; it is tried again.
 * @throws TssError FAILED_PRECONDITION when a file the settings name cannot be used.
 */
export function connectAgent(
  { settings, inUse }: AgentIdentity,
  version: string,
  logger: Logger,
  onAway: (error: TssError) => void = () => {},
): AgentConnection {
  const { TSS_COORDINATOR: address, TSS_API_KEY: apiKey, TSS_CREDENTIALS: credentials } = settings;
  const onTlsProblem = (sentence: string) => logger.error({}, sentence);
  const tls = { ...clientTlsOf(settings), onTlsProblem };
  const found =
    inUse === undefined
      ? connectionOptionsOf({ address, apiKey, credentials, ...tls })
      : joinedOptions(address, tls, inUse);
  const options = { ...found, userAgent: `tss-agent/${version}` };
  const refused = Promise.withResolvers<void>();
  // An agent inside another process may leave it to the log.
  refused.promise.catch(() => undefined);
  const openSession = joinedSessions(options, openConnection, {
    onDisconnected: (error, final) => {
      logger.warn({ code: error.code, coordinator: address }, error.message);
      // The session is tried again in any case.
      if (final && inUse?.tryOther(error)) return;
      if (final) refused.reject(error);
      else onAway(error);
    },
  });
  return { openSession, secrets: coordinatorSecrets(() => openConnection(options)), refused: refused.promise, options };
}

/** What is set goes before what was given. */
function joinedOptions(
  address: string,
  settings: Parameters<typeof clientTls>[0],
  inUse: IdentityInUse,
): ConnectionOptions {
  const { ca, certificate } = inUse.identity;
  const beside = clientTls({ ...settings, ca: settings.ca ?? ca });
  const options = { address, apiKey: () => inUse.apiKey() };
  if (settings.clientCert !== undefined || certificate === undefined)
    return beside === undefined ? options : { ...options, tls: beside };
  return { ...options, tls: () => inUse.tls(typeof beside === "function" ? beside() : beside) };
}
