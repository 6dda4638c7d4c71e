import { BUILD } from "../../runtime/build.ts";
import type { Settings } from "../../runtime/settings-table.ts";
import { TssCommand } from "../base-command.ts";

/** What `tss dev` is composed from, in deploy/dev.ts; it resolves when everything has stopped. */
interface DevModule {
  runDev(
    settings: Settings,
    io: { readonly stdout: NodeJS.WritableStream; readonly stderr: NodeJS.WritableStream },
  ): Promise<void>;
}

export default class Dev extends TssCommand {
  static override enableJsonFlag = false;
  static override summary = "run everything on this machine";
  static override description =
    "Runs a coordinator, a gateway with the dashboard and one agent in this process, on SQLite in ./.tss. Nothing else " +
    "needs to be installed. Ctrl-C stops it; the tasks are kept.";
  static override examples = ["<%= config.bin %> dev", "TSS_COORDINATOR_LISTEN=127.0.0.1:7500 <%= config.bin %> dev"];

  async run(): Promise<void> {
    await this.parse(Dev);
    const module = new URL(`../../deploy/dev.${BUILD === "release" ? "js" : "ts"}`, import.meta.url);
    const { runDev } = (await import(module.href)) as DevModule;
    await runDev(this.settings, { stdout: process.stdout, stderr: process.stderr });
    // A collector that is away would be tried again for seconds by a program that has put everything away.
    process.exit();
  }
}
