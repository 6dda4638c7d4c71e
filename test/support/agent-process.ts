// An agent in a process of its own, to be killed: it runs the command of its first argument in the directory of its
// second, before a coordinator that with
// TEST_SILENT=1 acknowledges nothing, and tells its parent what it would tell the coordinator.
import { silentLogger } from "../../runtime/logger.ts";
import { readSettings } from "../../runtime/settings.ts";
import { runAgent } from "../../worker-agent/run-agent.ts";
import { createFakeCoordinator } from "./fake-coordinator.ts";

const [command = "", directory = ""] = process.argv.slice(2);
const coordinator = createFakeCoordinator();
if (process.env["TEST_SILENT"] === "1") coordinator.answering = { outcomes: false, logs: false };
const opened = Promise.withResolvers<void>();
const running = runAgent(
  {
    settings: readSettings({ TSS_WORKER_DIR: directory, TSS_WORKER_NAME: "hand" }, ""),
    openSession(options) {
      setImmediate(opened.resolve);
      return coordinator.open(options);
    },
    logger: silentLogger,
    version: "test",
    environment: { PATH: process.env["PATH"], DONE: process.env["DONE"] },
  },
  process,
  (code) => process.exit(code),
);
await opened.promise;
const given = coordinator.lease({ command }, { id: `killed-${process.pid}`, fencingToken: 2n ** 52n + 1n });
void coordinator.until(() => {
  process.send?.({
    id: given.id,
    output: coordinator.output(given).toString(),
    outcomes: coordinator.outcomes.map((report) => report.exitCode),
  });
  return false;
});
await running;
process.disconnect();
