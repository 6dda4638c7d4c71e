import { availableParallelism, hostname } from "node:os";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { WorkerInfoSchema } from "../proto/gen/tss/v1/worker_service_pb.js";
import { LIMITS } from "../proto/limits.ts";
import type { Settings } from "../runtime/settings-table.ts";

/** What the agent tells of itself: it runs commands and no handlers. */
export function workerInfo(
  settings: Settings,
  version: string,
): MessageInitShape<typeof WorkerInfoSchema> & {
  readonly name: string;
  readonly slots: number;
} {
  const host = hostname();
  return {
    name: [...(settings.TSS_WORKER_NAME ?? host)].slice(0, LIMITS.nameCharacters).join(""),
    hostname: host,
    version,
    queues: [...settings.TSS_WORKER_QUEUES],
    types: [],
    commands: true,
    secrets: true,
    confines: true,
    labels: { ...settings.TSS_WORKER_LABELS },
    resources: { ...settings.TSS_WORKER_RESOURCES },
    slots: settings.TSS_WORKER_SLOTS ?? availableParallelism(),
    pid: process.pid,
  };
}
