import type { WorkerJson } from "../../../../proto/gen/tss/v1/operator_service_pb.js";
import { displayText } from "../ui/display-text.ts";
import { formatCount } from "../ui/format-count.ts";
import { readNumber } from "../ui/number.ts";
import { Tiles } from "../ui/tiles.tsx";

export function WorkerNumbers({ workers }: { readonly workers: readonly WorkerJson[] }) {
  const of = (state: string) => workers.filter((worker) => worker.state === state).length;
  const slots = sum(workers, ({ info }) => info?.slots);
  const used = sum(workers, ({ running }) => running);
  const silent = of("WORKER_STATE_DISCONNECTED");
  const versions = new Set(workers.map(({ info }) => info?.version ?? "").filter((version) => version !== ""));
  const [only] = versions;
  return (
    <Tiles
      tiles={[
        { name: "Live", value: formatCount(of("WORKER_STATE_ACTIVE")), note: `of ${formatCount(workers.length)}` },
        {
          name: "Slots in use",
          value: formatCount(used),
          note: `of ${formatCount(slots)}${used >= slots ? ": none is free" : ""}`,
        },
        { name: "Draining", value: formatCount(of("WORKER_STATE_DRAINING")), note: "finish what they hold" },
        {
          name: "Silent",
          value: formatCount(silent),
          note: "lost when their lease ends",
          meaning: silent > 0 ? "bad" : undefined,
        },
        {
          name: "Versions",
          value: formatCount(versions.size),
          note: versions.size === 1 ? displayText(only ?? "", 24) : "see the table",
        },
      ]}
    />
  );
}

function sum(workers: readonly WorkerJson[], read: (worker: WorkerJson) => number | undefined): number {
  return workers.reduce((total, worker) => total + readNumber(read(worker)), 0);
}
