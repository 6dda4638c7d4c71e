import { readVersion } from "./version.ts";

/**
 * The `tss` program. Sets the exit code of the process (docs/cli.md lists them) and never throws.
 * @param argv what follows the program's name.
 */
export async function main(argv: readonly string[]): Promise<void> {
  quietlyEndOnClosedPipe();
  if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-v")) {
    console.log(`tss/${readVersion()} ${process.platform}-${process.arch} node-${process.version}`);
    return;
  }
  const { runCommandLine } = await import("./run-command-line.ts");
  await runCommandLine(argv);
}

/** `tss task list | head -1` ends without a word, as programs that die of SIGPIPE do. */
function quietlyEndOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(process.exitCode ?? 141);
      throw error;
    });
}
