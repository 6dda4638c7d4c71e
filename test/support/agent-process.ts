// An agent in a process of its own, to be killed: it runs the commands of its arguments before a coordinator that with
// TEST_SILENT=1 acknowledges nothing, and tells its parent what it would tell the coordinator. With TEST_RESTART=kill they
// are of tasks that do not want to be adopted, with TEST_USER of tasks that ask for that user,
// with TEST_LIMITS of tasks with these limits; TEST_SECRETS is JSON of the values they are given, by variable.
import { AgentRestart } from "../../proto/gen/tss/v1/task_pb.js";
import { runService } from "../../runtime/process.ts";
import { startAgent } from "../../worker-agent/agent.ts";
import { createFakeCoordinator } from "./fake-coordinator.ts";
import { knownSecrets } from "./known-secrets.ts";

const commands = process.argv.slice(2);
const onAgentRestart = process.env["TEST_RESTART"] === "kill" ? AgentRestart.KILL : AgentRestart.UNSPECIFIED;
const limits = JSON.parse(process.env["TEST_LIMITS"] ?? "{}") as Record<string, number>;
const user = process.env["TEST_USER"] ?? "";
const secrets = JSON.parse(process.env["TEST_SECRETS"] ?? "{}") as Record<string, string>;
/** Of all: it passes what a double of JSON would hold exactly. */
const TOKEN = 2n ** 52n + 1n;
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
    secrets: knownSecrets(secrets),
    logger,
    version: "test",
    environment: { PATH: process.env["PATH"], DONE: process.env["DONE"] },
  });
  await opened.promise;
  const given = commands.map((command, index) =>
    coordinator.lease(
      { command, onAgentRestart, user, limits, secrets },
      { id: `killed-${process.pid}-${index}`, fencingToken: TOKEN },
    ),
  );
  let heeded = 0;
  const tell = () => {
    process.send?.({
      id: given[0]?.id,
      ids: given.map(({ id }) => id),
      output: given.map((lease) => coordinator.output(lease).toString()).join(""),
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
