// An agent in a process of its own, to be killed: it runs the command of its first argument in the directory of its
// second, before a coordinator that with TEST_SILENT=1 acknowledges nothing, and tells its parent what it would tell the
// coordinator.
import { runService } from "../../runtime/process.ts";
import { startAgent } from "../../worker-agent/agent.ts";
import { createFakeCoordinator } from "./fake-coordinator.ts";

const [command = ""] = process.argv.slice(2);
const coordinator = createFakeCoordinator();
if (process.env["TEST_SILENT"] === "1") coordinator.answering = { outcomes: false, logs: false };

await runService("tss-agent", async ({ settings, logger }) => {
  const opened = Promise.withResolvers<void>();
  const agent = await startAgent({
    settings,
    openSession(options) {
      setImmediate(opened.resolve);
      return coordinator.open(options);
    },
    logger,
    version: "test",
    environment: { PATH: process.env["PATH"], DONE: process.env["DONE"] },
  });
  await opened.promise;
  const given = coordinator.lease({ command }, { id: `killed-${process.pid}`, fencingToken: 2n ** 52n + 1n });
  let heeded = 0;
  const tell = () => {
    process.send?.({
      id: given.id,
      output: coordinator.output(given).toString(),
      outcomes: coordinator.outcomes.map((report) => report.exitCode),
      heeded,
    });
  };
  void coordinator.until(() => {
    tell();
    return false;
  });
  const heed = () => {
    heeded++;
    tell();
  };
  return {
    drain(hurry) {
      heed();
      hurry.addEventListener("abort", heed);
      return agent.drain(hurry);
    },
    stop: agent.close,
  };
});
