// What a command costs on this machine, and how fast a cancel ends it: `node test/benchmark/agent.ts [commands] [slots]`.
// Prints medians and ratios; nothing is asserted.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import { silentLogger } from "../../runtime/logger.ts";
import { readSettings } from "../../runtime/settings.ts";
import { startAgent } from "../../worker-agent/agent.ts";
import { processGroup } from "../../worker-agent/processes/group.ts";
import { createFakeCoordinator } from "../support/fake-coordinator.ts";
import { knownSecrets } from "../support/known-secrets.ts";

const count = Number(process.argv[2] ?? 400);
const slots = Number(process.argv[3] ?? 1);

function quantiles(values: number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2);
  return `p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms`;
}

const directory = mkdtempSync(join(tmpdir(), "tss-agent-bench-"));
const coordinator = createFakeCoordinator();
const agent = await startAgent({
  settings: readSettings({ TSS_WORKER_DIR: directory, TSS_WORKER_SLOTS: String(slots) }, ""),
  openSession: coordinator.open,
  secrets: knownSecrets(),
  logger: silentLogger,
  version: "bench",
});
try {
  console.log(`${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}, ${count} commands, ${slots} at a time`);

  const bare: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const from = performance.now();
    await once(spawn("/bin/sh", ["-c", "exit 0"], { stdio: "ignore", detached: true }), "exit");
    bare.push(performance.now() - from);
  }
  console.log(`sh -c 'exit 0' alone:            ${quantiles(bare)}`);

  const attempts: number[] = [];
  const started = performance.now();
  const run = async (): Promise<void> => {
    while (attempts.length < count) {
      const from = performance.now();
      await coordinator.outcome(coordinator.lease({ command: "exit 0" }));
      attempts.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: slots }, run));
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `lease → outcome on disk, sent:   ${quantiles(attempts)}; ${(attempts.length / seconds).toFixed(0)} commands/s`,
  );

  const dead: number[] = [];
  const reported: number[] = [];
  for (let index = 0; index < Math.min(count, 200); index += 1) {
    const given = coordinator.lease({ command: "echo $PPID; sleep 1000 & sleep 1000" });
    await coordinator.until(() => coordinator.output(given).length > 0);
    const group = processGroup(Number(coordinator.output(given)));
    const from = performance.now();
    coordinator.cancel(given, TaskReason.ABORTED);
    await group.gone(AbortSignal.timeout(10_000));
    dead.push(performance.now() - from);
    await coordinator.outcome(given);
    reported.push(performance.now() - from);
  }
  console.log(`cancel → process group dead:     ${quantiles(dead)}`);
  console.log(`cancel → outcome on disk, sent:  ${quantiles(reported)}`);
} finally {
  await agent.close();
  rmSync(directory, { recursive: true, force: true });
}
