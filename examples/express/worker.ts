import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { createWorker, Fatal } from "../../sdk/typescript/index.ts";
import { buildReport } from "./report.ts";

const worker = createWorker({
  slots: 4,
  handlers: [
    buildReport.handler(async ({ month }, task) => {
      // A file that is not there yet is an ordinary error: the task is tried again, as its retry policy says.
      const sales = await readFile(`sales/${month}.csv`, "utf8");
      const lines = sales.trim().split("\n");
      const total: Record<string, number> = {};
      for (const [index, line] of lines.entries()) {
        const [product = "", pieces] = line.split(",");
        if (!Number.isInteger(Number(pieces))) throw new Fatal(`Line ${index + 1} of ${month} is "${line}".`);
        total[product] = (total[product] ?? 0) + Number(pieces);
        task.progress((100 * (index + 1)) / lines.length, `line ${index + 1} of ${lines.length}`);
        await pause(50, undefined, { signal: task.signal }); // Stands for work; a cancel ends it.
      }
      return total;
    }),
  ],
});

await worker.ready;
console.log("waiting for tasks; Ctrl-C ends");
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => worker.close(10_000));
