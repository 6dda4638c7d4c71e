import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { LockService } from "../../proto/gen/tss/v1/lock_service_pb.js";
import { StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import { ROOT, startProgram, temporaryFolder } from "../support/run-tss.ts";
import { until } from "../support/until.ts";
import { type Node, startCluster, submitTo, untilDivided } from "./cluster-house.ts";

test("commands that need a lock run one at a time, whoever owns them and the lock, and whoever of these is killed", async () => {
  const cluster = await startCluster(2, undefined, { TSS_LEASE_TTL: "10s" });
  const [a, b] = cluster.nodes as [Node, Node];
  const folder = temporaryFolder();
  const [ledger, inside] = [join(folder, "ledger"), join(folder, "inside")];
  // Whoever finds another in there says so.
  const command = `mkdir ${inside} || echo "two at a time" >> ${ledger}; echo "$TSS_LOCK_NAME $TSS_LOCK_TOKEN" >> ${ledger}; sleep 0.1; rmdir ${inside}`;
  for (let agent = 0; agent < 2; agent++) {
    const { child, finished } = startProgram(process.execPath, [join(ROOT, "bin/tss-agent.cjs")], {
      env: {
        TSS_COORDINATOR: cluster.nodes.map(({ process: { address } }) => address).join(","),
        TSS_API_KEY: cluster.key,
        TSS_WORKER_DIR: temporaryFolder(),
        TSS_WORKER_SLOTS: "4",
      },
    });
    cluster.closers.push({
      close: async () => {
        child.kill("SIGTERM");
        await finished;
      },
    });
  }
  const tasks = Array.from({ length: 20 }, () => ({
    name: "x",
    command,
    locks: [{ name: "db" }],
    retry: { limit: 3 },
  }));
  const ids = (await Promise.all([a, b].map((node) => submitTo(node, tasks)))).flat();
  const lines = () => (existsSync(ledger) ? readFileSync(ledger, "utf8").trim().split("\n") : []);
  await until("some to have run", () => lines().length >= 8, 60_000);
  await a.process.stop("SIGKILL");
  await untilDivided([b]);
  const counts = async () => (await b.connection.service(StatsService).getOverview({})).counts!;
  await until("all to succeed", async () => (await counts()).succeeded === 40n, 90_000);
  const tokens = lines().map((line) => Number(/^db (\d+)$/.exec(line)?.[1]));
  expect(tokens).toHaveLength(40);
  expect(tokens).toEqual([...tokens].sort((one, other) => one - other));
  const lock = async () => (await b.connection.service(LockService).getLock({ name: "db" })).lock!;
  await until("the lock to be free", async () => (await lock()).holders.length === 0);
  const { task } = await b.connection.service(TaskService).getTask({ id: ids[0]! });
  expect(task?.attempts.at(-1)?.locks).toMatchObject([{ name: "db" }]);
}, 180_000);
