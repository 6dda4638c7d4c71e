import { createWorker, Fatal } from "../../sdk/typescript/index.ts";
import { countWords } from "./tasks.ts";

const worker = createWorker({
  slots: 4,
  handlers: [
    countWords.handler(async ({ text }, task) => {
      if (text === "") throw new Fatal("There is nothing to count.");
      let words = 0;
      const lines = text.split("\n");
      for (const [index, line] of lines.entries()) {
        task.signal.throwIfAborted();
        words += line.split(/\s+/).filter(Boolean).length;
        task.progress((100 * (index + 1)) / lines.length, `line ${index + 1} of ${lines.length}`);
      }
      return { words };
    }),
  ],
});

await worker.ready;
console.log("waiting for tasks; Ctrl-C ends");
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => worker.close(10_000));
