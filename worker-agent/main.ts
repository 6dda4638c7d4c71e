import { TssError } from "../proto/errors.ts";
import { createLogger } from "../runtime/logger.ts";
import { readSettings, SettingsError } from "../runtime/settings.ts";
import { readVersion } from "../runtime/version.ts";
import { connectAgent } from "./connect.ts";
import { runAgent } from "./run-agent.ts";

/** The program `tss-agent`. */
export async function main(): Promise<void> {
  try {
    const settings = readSettings();
    const version = readVersion();
    const logger = createLogger(settings.TSS_LOG_LEVEL, { part: "agent" });
    const { openSession, close } = connectAgent(settings, version, logger);
    await runAgent({ settings, openSession, logger, version }, process, (code) => process.exit(code));
    close();
  } catch (error) {
    if (!(error instanceof TssError) && !(error instanceof SettingsError)) throw error;
    process.stderr.write(`tss-agent: ${error.message}\n`);
    process.exitCode = error instanceof SettingsError ? 2 : 1;
  }
}
