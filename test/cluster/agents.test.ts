import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import { ROOT, startProgram, temporaryFolder } from "../support/run-tss.ts";
import { until } from "../support/until.ts";
import { type Node, startCluster, submitTo, type TestCluster, untilDivided } from "./cluster-house.ts";

/** The program `tss-agent`, which knows every coordinator there was at first. */
function startAgent(cluster: TestCluster, directory: string) {
  const agent = startProgram(process.execPath, [join(ROOT, "bin/tss-agent.cjs")], {
    env: {
      TSS_COORDINATOR: cluster.nodes.map(({ process: { address } }) => address).join(","),
      TSS_API_KEY: cluster.key,
      TSS_WORKER_DIR: directory,
      TSS_WORKER_SLOTS: "8",
    },
  });
  const end = async (signal: "SIGKILL" | "SIGTERM") => {
    agent.child.kill(signal);
    await agent.finished;
  };
  cluster.closers.push({ close: () => end("SIGTERM") });
  return end;
}

test("commands go on while one coordinator after the other is killed: each is started once, and its code counts", async () => {
  const cluster = await startCluster(2);
  const [a, b] = cluster.nodes as [Node, Node];
  const folder = temporaryFolder();
  const [ledger, gate] = [join(folder, "ledger"), join(folder, "gate")];
  const command = `echo $TSS_TASK_ID >> ${ledger}; while [ ! -e ${gate} ]; do sleep 0.1; done; exit 3`;
  const started = () => (existsSync(ledger) ? readFileSync(ledger, "utf8").trim().split("\n") : []);
  for (const directory of [temporaryFolder(), temporaryFolder()]) startAgent(cluster, directory);
  const commands = Array.from({ length: 6 }, () => ({
    name: "x",
    command,
    retry: { limit: 3, nonRetryableExitCodes: [3] },
  }));
  const ids = (await Promise.all([a, b].map((node) => submitTo(node, commands)))).flat();
  await until("all to run", () => started().length === 12, 60_000);
  await a.process.stop("SIGKILL");
  await untilDivided([b]);
  const c = await cluster.join();
  await untilDivided([b, c]);
  await b.process.stop("SIGKILL");
  await untilDivided([c]);
  writeFileSync(gate, "");
  const counts = async () => (await c.connection.service(StatsService).getOverview({})).counts!;
  await until("every end to count", async () => (await counts()).failed === 12n, 60_000);
  // Counts are a commit ahead of what a task says of itself.
  const first = async () => (await c.connection.service(TaskService).getTask({ id: ids[0]! })).task;
  await until("the end to be committed", async () => (await first())?.status === TaskStatus.FAILED);
  expect(await first()).toMatchObject({ attempt: 1, exitCode: 3 });
  expect(started().sort()).toEqual(ids.sort());
}, 180_000);
