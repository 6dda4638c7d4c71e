/** What 128 + SIGPIPE is: how programs end whose reader has gone. */
const EXIT_CODE = 141;

let lastAct: (() => Promise<unknown>) | undefined;
let ending = false;

/**
 * `tss task list | head -1` ends without a word, as programs that die of SIGPIPE do. Called once, before anything is
 * written.
 */
export function endQuietlyOnBrokenPipe(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      if (ending) return;
      ending = true;
      void Promise.resolve(lastAct?.())
        .catch(() => {})
        .finally(() => process.exit(process.exitCode ?? EXIT_CODE));
    });
}

/** Does this first when the reader goes. @returns a function that takes it back. */
export function beforeBrokenPipeEnds(act: () => Promise<unknown>): () => void {
  lastAct = act;
  return () => {
    lastAct = undefined;
  };
}
