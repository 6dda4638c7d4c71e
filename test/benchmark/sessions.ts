// `node test/benchmark/sessions.ts [--sessions 10000] [--connections 100]`: what an idle worker costs. That many sessions over
// that many connections are opened at a coordinator on SQLite, all beating as the SDKs do; resident memory of the coordinator
// is read before and when they have been idle for a while, and its CPU meanwhile.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadStorePlugin } from "../../coordinator/plugins/registry.ts";
import { StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { openConnection } from "../../sdk/typescript/connection/open-connection.ts";
import { workSessions } from "../../sdk/typescript/worker/open-work-session.ts";
import { startCoordinatorProcess } from "../support/crash-system.ts";
import { CpuMeter } from "./cpu-meter.ts";

const { values } = parseArgs({
  options: { sessions: { type: "string", default: "10000" }, connections: { type: "string", default: "100" } },
});
const [count, connections] = [Number(values.sessions), Number(values.connections)];
/** As long as every session takes to beat twice. */
const IDLE_MS = 15_000;

function residentKb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

const folder = mkdtempSync(join(tmpdir(), "tss-bench-"));
const url = `sqlite:${join(folder, "tss.db")}`;
await (await loadStorePlugin(url)).migrate(url);
const coordinator = await startCoordinatorProcess({ TSS_DATABASE_URL: url, TSS_COORDINATOR_LISTEN: "127.0.0.1:0" });
const options = { address: coordinator.address, apiKey: coordinator.key ?? "" };
const pid = coordinator.process.pid ?? 0;
const admin = openConnection(options);
const links = Array.from({ length: connections }, () => openConnection(options));
const silent = () => {};
const events = { onLease: silent, onCancel: silent, onLogAck: silent, onOutcomeAck: silent, onDrain: silent };
try {
  const before = residentKb(pid);
  const began = performance.now();
  const sessions = [];
  for (let at = 0; at < count; at++) {
    const connected = Promise.withResolvers<void>();
    const link = links[at % connections] as (typeof links)[number];
    const session = workSessions(link)({
      worker: { name: `idle-${at}`, slots: 1, types: ["idle"] },
      held: () => [],
      events: { ...events, onConnected: () => connected.resolve() },
    });
    session.credit(1);
    sessions.push(session);
    await connected.promise;
  }
  const { counts } = await admin.service(StatsService).getOverview({});
  if (counts === undefined) throw new Error("the coordinator does not answer");
  const opened = (performance.now() - began) / 1_000;
  const cpu = new CpuMeter({ coordinator: [pid] });
  cpu.start();
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const { coordinator: used = 0 } = cpu.stop();
  const perSession = (residentKb(pid) - before) / count;
  console.log(
    `${count} idle sessions over ${connections} connections, opened in ${opened.toFixed(1)} s: ${perSession.toFixed(1)} KB each (RSS), ${((used / IDLE_MS) * 1e5).toFixed(1)} % of a core`,
  );
  await Promise.all(sessions.map((session) => session.close()));
} finally {
  for (const link of [admin, ...links]) link.close();
  await coordinator.stop("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
}
