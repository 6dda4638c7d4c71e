// An agent in a process of its own, to be killed: it runs the command of its first argument in the directory of its
// second, before a coordinator that with
// TEST_SILENT=1 acknowledges nothing, and tells its parent what it would tell the coordinator.
import { silentLogger } from "../../runtime/logger.ts";
import { readSettings } from "../../runtime/settings.ts";
import { startAgent } from "../../worker-agent/agent.ts";
import { followSignals } from "../../worker-agent/signals.ts";
import { createFakeCoordinator } from "./fake-coordinator.ts";

const [command = "", directory = ""] = process.argv.slice(2);
const coordinator = createFakeCoordinator();
if (process.env["TEST_SILENT"] === "1") coordinator.answering = { outcomes: false, logs: false };
const agent = await startAgent({
  settings: readSettings({ TSS_WORKER_DIR: directory, TSS_WORKER_NAME: "hand" }, ""),
  openSession: coordinator.open,
  logger: silentLogger,
  version: "test",
  environment: { PATH: process.env["PATH"], DONE: process.env["DONE"] },
});
const given = coordinator.lease({ command }, { id: `killed-${process.pid}`, fencingToken: 2n ** 52n + 1n });
void coordinator.until(() => {
  process.send?.({
    id: given.id,
    output: coordinator.output(given).toString(),
    outcomes: coordinator.outcomes.map((report) => report.exitCode),
  });
  return false;
});
// Only signals end it.
const alive = setInterval(() => undefined, 60_000);
followSignals(process, agent, silentLogger, () => process.exit(70));
void agent.left.then(() => {
  clearInterval(alive);
  process.disconnect();
});
