import { readVersion } from "../runtime/version.ts";
import { endQuietlyOnBrokenPipe } from "./broken-pipe.ts";

/**
 * The `tss` program. Sets the exit code of the process (docs/cli.md lists them) and never throws.
 * @param argv what follows the program's name.
 */
export async function main(argv: readonly string[]): Promise<void> {
  endQuietlyOnBrokenPipe();
  if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-v")) {
    console.log(`tss/${readVersion()} ${process.platform}-${process.arch} node-${process.version}`);
    return;
  }
  const { runCommandLine } = await import("./run-command-line.ts");
  await runCommandLine(argv);
}
