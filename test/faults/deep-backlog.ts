import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { openConnection } from "../../sdk/typescript/connection/open-connection.ts";
import { type RunningCoordinator, startCoordinatorProcess } from "../support/crash-system.ts";
import { freePort } from "../support/free-port.ts";
import { DeepWorker } from "./deep-worker.ts";
import { submitDeep } from "./submit-deep.ts";
import { eventually } from "./submit-messages.ts";

/** Heap of the coordinator: far less than the backlog of the long story takes. */
const HEAP_MB = 192;

/**
 * More waits than fits into memory: submitted while a worker without a free slot is there, killed at full depth, started
 * again, half drained, killed again, drained. At each step the counts are exact, and nothing ran twice.
 * @param say told what each step took.
 */
export function deepBacklog(
  name: string,
  freshDatabase: () => Promise<string>,
  size: number,
  timeoutMs: number,
  say: (line: string) => void = () => {},
): void {
  test(
    `${size} waiting tasks on ${name} in ${HEAP_MB} MB of heap: killed, started again and drained, the counts are exact`,
    async () => {
      const settings = {
        NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}`,
        TSS_DATABASE_URL: await freshDatabase(),
        TSS_COORDINATOR_LISTEN: `127.0.0.1:${await freePort()}`,
        TSS_SEGMENT_ROWS: String(Math.max(size / 8, 1_000)),
      };
      let coordinator: RunningCoordinator = await startCoordinatorProcess(settings);
      const connection = openConnection({ address: coordinator.address, apiKey: coordinator.key });
      const worker = new DeepWorker(connection, size);
      const step = stopwatch(name, say);
      const killAndStart = async (): Promise<void> => {
        step("killed", coordinator);
        await coordinator.stop("SIGKILL");
        coordinator = await startCoordinatorProcess(settings);
        step("started again", coordinator);
      };
      const counts = async () => {
        const overview = await eventually(() => connection.service(StatsService).getOverview({}));
        const { waiting, running, succeeded, failed, cancelled } = overview.counts!;
        expect({ failed, cancelled }).toEqual({ failed: 0n, cancelled: 0n });
        expect(waiting + running + succeeded).toBe(BigInt(size));
        return { waiting, running, succeeded };
      };
      const allWait = { waiting: BigInt(size), running: 0n, succeeded: 0n };
      const allDone = { waiting: 0n, running: 0n, succeeded: BigInt(size) };
      try {
        await submitDeep(connection, size);
        step(`${size} submitted`, coordinator);
        expect(await counts()).toEqual(allWait);
        await killAndStart();
        expect(await counts()).toEqual(allWait);

        worker.go();
        await worker.ran(size / 2);
        step("half drained", coordinator);
        await killAndStart();
        expect((await counts()).succeeded).toBeGreaterThan(0n);
        await worker.ran(size);
        step("drained", coordinator);
        expect(await counts()).toEqual(allDone);
        expect([worker.distinct, worker.repeated]).toEqual([size, 0]);
        await killAndStart();
        expect(await counts()).toEqual(allDone);
      } finally {
        await worker.close();
        connection.close();
        await coordinator.stop("SIGKILL");
      }
    },
    timeoutMs,
  );
}

/** Tells how long each step took and the most memory the process has had. */
function stopwatch(name: string, say: (line: string) => void) {
  let last = performance.now();
  return (what: string, { process: { pid } }: RunningCoordinator): void => {
    const seconds = (performance.now() - last) / 1_000;
    say(`${name}: ${what} after ${seconds.toFixed(1)} s, peak memory ${peakMb(pid)} MB`);
    last = performance.now();
  };
}

/** Peak resident memory in MB; "?" where the system does not tell. */
function peakMb(pid: number | undefined): string {
  try {
    const kilobytes = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
    return String(Math.round(kilobytes / 1_024));
  } catch {
    return "?";
  }
}
