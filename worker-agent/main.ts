import { systemClock } from "../runtime/clock.ts";
import { runService } from "../runtime/process.ts";
import { readVersion } from "../runtime/version.ts";
import { openConnection } from "../sdk/typescript/connection/open-connection.ts";
import { startAgent } from "./agent.ts";
import { coordinatorAddress } from "./coordinator-address.ts";
import { openWorkSession } from "./stream/work-session.ts";

/** The program `tss-agent`: an agent as the whole of a process, until it is told to end. */
export async function main(): Promise<void> {
  await runService("tss-agent", async ({ settings, logger }) => {
    const version = readVersion();
    const connection = openConnection(coordinatorAddress(settings, version));
    const openSession = openWorkSession(connection, systemClock, logger);
    const agent = await startAgent({ settings, openSession, logger, version });
    return {
      ended: agent.ended,
      drain: agent.drain,
      async stop() {
        await agent.close();
        connection.close();
      },
    };
  });
}
