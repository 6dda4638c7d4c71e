import { readFileSync } from "node:fs";
import type { Logger } from "../runtime/logger.ts";
import type { Settings } from "../runtime/settings-table.ts";
import { openConnection } from "../sdk/typescript/connection/open-connection.ts";
import type { Connection } from "../sdk/typescript/connection-types.ts";
import { workSessions } from "../sdk/typescript/worker/open-work-session.ts";
import type { OpenWorkSession } from "../sdk/typescript/worker/work-session-types.ts";
import { readCredentials } from "./credentials.ts";
import { isLoopback } from "./policy.ts";

export interface AgentConnection {
  readonly openSession: OpenWorkSession;
  close(): void;
}

/** The agent's way to its coordinator, as the settings say. */
export function connectAgent(settings: Settings, version: string, logger: Logger): AgentConnection {
  const connection: Connection = openConnection({
    address: settings.TSS_COORDINATOR ?? "127.0.0.1:7400",
    apiKey: settings.TSS_API_KEY ?? keptKey(settings),
    userAgent: `tss-agent/${version}`,
    tls: settings.TSS_TLS_CA === undefined ? undefined : { ca: readFileSync(settings.TSS_TLS_CA, "utf8") },
  });
  const openSession = workSessions(connection, {
    onDisconnected: (error, final) => {
      const fields = { code: error.code, coordinator: settings.TSS_COORDINATOR };
      if (final) logger.error(fields, error.message);
      else logger.warn(fields, error.message);
    },
  });
  return { openSession, close: () => connection.close() };
}

/** It is shown to coordinators of this machine only. */
function keptKey(settings: Settings): string | undefined {
  return isLoopback(settings.TSS_COORDINATOR ?? "")
    ? readCredentials(settings.TSS_CREDENTIALS ?? "./.tss/credentials")
    : undefined;
}
