// A worker process that counts the runs of every task by the number in its payload, and says so twice a second: a handler
// that does nothing, and one that runs until it is told that it may end.
import { createWorker, taskType } from "../../../sdk/typescript/index.ts";

/** Runs of each no-op and of each long task, by number. */
const runs = { noop: new Uint8Array(32_000_000), long: new Uint8Array(10_000) };
const total = { noop: 0, long: 0, extra: 0, ended: 0 };
const over = Promise.withResolvers<void>();

export type Counted = typeof total;

function count(kind: keyof typeof runs, payload: Uint8Array): void {
  const number = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
  const before = runs[kind][number] ?? 0;
  runs[kind][number] = before + 1;
  total[kind]++;
  if (before > 0) total.extra++;
}

const worker = createWorker({
  slots: Number(process.argv[2]),
  handlers: [
    taskType<Uint8Array, void>("noop").handler((payload) => count("noop", payload)),
    taskType<Uint8Array, void>("long").handler(async (payload, { signal }) => {
      count("long", payload);
      const stopped = new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      if ((await Promise.race([over.promise, stopped])) === undefined && !signal.aborted) total.ended++;
    }),
  ],
});
await worker.ready;
process.on("message", () => over.resolve());
// The parent's end is this process's end.
process.once("disconnect", () => process.exit());
setInterval(() => process.send?.(total), 500);
process.send?.(total);
