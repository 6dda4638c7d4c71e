import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import { PYTHON_SDK, pythonVenv } from "../support/python.ts";
import { startProgram, temporaryFolder } from "../support/run-tss.ts";
import { ownedBy, startCluster, submitTo } from "./cluster-house.ts";

const WORKER = `
import tss

worker = tss.Worker(slots=8)

@worker.task("work")
def work(number):
    return number * 2

worker.run()
`;

test("a worker in Python that knows one coordinator works for all, and goes on when one of them is killed", async () => {
  const { python } = await pythonVenv();
  const cluster = await startCluster(2);
  const [first, second] = cluster.nodes;
  const script = join(temporaryFolder(), "worker.py");
  writeFileSync(script, WORKER);
  const worker = startProgram(python, [script], {
    env: {
      TSS_COORDINATOR: `${first!.process.address},${second!.process.address}`,
      TSS_API_KEY: cluster.key,
      PYTHONPATH: PYTHON_SDK,
    },
  });
  cluster.closers.push({
    async close() {
      worker.child.kill("SIGTERM");
      await worker.finished;
    },
  });
  const tasks = Array.from({ length: 40 }, (_, number) => ({
    name: `n${number}`,
    type: "work",
    payload: { data: Buffer.from(String(number)), contentType: "application/json" },
  }));
  const ids = (await Promise.all(cluster.nodes.map((node) => submitTo(node, tasks)))).flat();
  const results = async (wanted: readonly string[]) =>
    (await Promise.all(wanted.map((id) => second!.connection.service(TaskService).waitTask({ id })))).map(({ task }) =>
      Number(Buffer.from(task?.result?.data ?? []).toString()),
    );
  const doubled = tasks.map((_, number) => number * 2);
  expect(await results(ids)).toEqual([...doubled, ...doubled]);
  await first!.process.stop("SIGKILL");
  const later = await submitTo(second!, tasks);
  expect(await results(later)).toEqual(doubled);
  expect(await ownedBy(second!)).toBeGreaterThan(0);
});
