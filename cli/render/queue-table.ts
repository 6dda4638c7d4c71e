import { durationMs } from "@bufbuild/protobuf/wkt";
import type { Queue } from "../../proto/gen/tss/v1/operator_service_pb.js";
import type { Painter } from "./color.ts";
import { printable } from "./printable.ts";
import { type Column, tableLines } from "./table.ts";
import { spanText } from "./time.ts";

export function queueTable(queues: readonly Queue[], width: number | undefined, paint: Painter): string[] {
  const count = (title: string, of: (queue: Queue) => bigint | undefined, drop?: number): Column<Queue> => ({
    title,
    value: (queue) => (of(queue) ?? 0n).toString(),
    right: true,
    ...(drop === undefined ? {} : { drop }),
  });
  const shape: Column<Queue>[] = [
    { title: "QUEUE", value: (queue) => printable(queue.name), shrinkTo: 10, paint: (text) => paint.bold(text) },
    {
      title: "STATE",
      value: stateText,
      shrinkTo: 8,
      paint: (text, queue) => (queue.paused ? paint.yellow(text) : text),
    },
    count("WAITING", (queue) => queue.counts?.waiting),
    count("RUNNING", (queue) => queue.counts?.running),
    { title: "LIMIT", value: ({ limit }) => (limit === 0 ? "" : String(limit)), right: true, drop: 5 },
    count("SUCCEEDED", (queue) => queue.counts?.succeeded, 3),
    count("FAILED", (queue) => queue.counts?.failed, 1),
    count("CANCELLED", (queue) => queue.counts?.cancelled, 4),
    { title: "OLDEST", value: oldestText, right: true, drop: 2 },
  ];
  return tableLines(queues, shape, width);
}

function stateText(queue: Queue): string {
  if (!queue.paused) return "open";
  return queue.pauseNote === "" ? "paused" : `paused: ${printable(queue.pauseNote)}`;
}

function oldestText(queue: Queue): string {
  return queue.oldestReadyAge === undefined ? "" : spanText(durationMs(queue.oldestReadyAge));
}
