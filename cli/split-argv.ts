/** A command line up to the first `--`, and the words after it; undefined when there is no `--`. */
export function splitArgv(argv: readonly string[]): { own: string[]; command: readonly string[] | undefined } {
  const at = argv.indexOf("--");
  return at === -1 ? { own: [...argv], command: undefined } : { own: argv.slice(0, at), command: argv.slice(at + 1) };
}
