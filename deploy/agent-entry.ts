import { main } from "../worker-agent/main.ts";

// The first file of the one-file agent: what `bin/tss-agent.cjs` is in a package.
main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`Error: tss-agent: ${error.message}\n`);
  process.exit(1);
});
