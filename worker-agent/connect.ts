import { readFileSync } from "node:fs";
import { TssError } from "../proto/errors.ts";
import type { Logger } from "../runtime/logger.ts";
import type { Settings } from "../runtime/settings-table.ts";
import { openConnection } from "../sdk/typescript/connection/open-connection.ts";
import { workSessions } from "../sdk/typescript/worker/open-work-session.ts";
import type { OpenWorkSession } from "../sdk/typescript/worker/work-session-types.ts";
import { readCredentials } from "./credentials.ts";
import { isLoopback } from "./policy.ts";

export interface AgentConnection {
  readonly openSession: OpenWorkSession;
  /** Rejects with the TssError of a refusal that no waiting mends, such as a key the coordinator does not know. */
  readonly refused: Promise<void>;
  close(): void;
}

/**
 * The agent's way to its coordinator, as the settings say.
 * @throws TssError FAILED_PRECONDITION when a file they name cannot be used.
 */
export function connectAgent(settings: Settings, version: string, logger: Logger): AgentConnection {
  const { TSS_COORDINATOR: address, TSS_TLS_CA: ca } = settings;
  const connection = openConnection({
    address,
    apiKey: settings.TSS_API_KEY ?? keptKey(settings),
    userAgent: `tss-agent/${version}`,
    tls: ca === undefined ? undefined : { ca: readPem(ca) },
  });
  const refused = Promise.withResolvers<void>();
  // An agent inside another process may leave it to the log.
  refused.promise.catch(() => undefined);
  const openSession = workSessions(connection, {
    onDisconnected: (error, final) => {
      logger.warn({ code: error.code, coordinator: address }, error.message);
      if (final) refused.reject(error);
    },
  });
  return { openSession, refused: refused.promise, close: () => connection.close() };
}

/** It is shown to coordinators of this machine only. */
function keptKey({ TSS_COORDINATOR: address, TSS_CREDENTIALS: file }: Settings): string | undefined {
  return file !== undefined && isLoopback(address) ? readCredentials(file) : undefined;
}

/** A setting that is PEM itself or names a file of it. */
function readPem(value: string): string {
  if (value.includes("-----BEGIN ")) return value;
  try {
    return readFileSync(value, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new TssError("FAILED_PRECONDITION", `TSS_TLS_CA names ${value}, which cannot be read (${code}).`);
  }
}
