import { create } from "@bufbuild/protobuf";
import { expect, test } from "@jest/globals";
import { QueueService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { AttemptOutcome } from "../../proto/gen/tss/v1/task_pb.js";
import { TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import { type OutcomeReport, OutcomeReportSchema } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { openConnection } from "../../sdk/typescript/connection/open-connection.ts";
import type { Connection } from "../../sdk/typescript/connection-types.ts";
import { workSessions } from "../../sdk/typescript/worker/open-work-session.ts";
import { startCoordinatorProcess } from "../support/crash-system.ts";
import { freshDatabase } from "../support/database.ts";
import { freePort } from "../support/free-port.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { eventually } from "./submit-messages.ts";

const LIMIT = 3;
const TASKS = 240;
/** Outcomes that were accepted when the coordinator is killed. */
const KILLS = [40, 90, 150];

/** A worker with far more slots than may be used. It holds each attempt a moment, and knows how many it held at most. */
function startHolder(connection: Connection) {
  const running = new Set<string>();
  const reports = new Map<string, OutcomeReport>();
  const accepted = new Map<string, number>();
  let most = 0;
  let news = Promise.withResolvers<void>();
  const session = workSessions(connection)({
    worker: { name: "holder", slots: 50, commands: true },
    held: () => [...running, ...reports.keys()].map((key) => leaseOf(key)),
    events: {
      onConnected(_ttl, refused) {
        for (const { id, fencingToken } of refused) running.delete(`${id}/${fencingToken}`);
        for (const report of reports.values()) session.outcome(report);
      },
      onLease({ id, fencingToken }) {
        const key = `${id}/${fencingToken}`;
        running.add(key);
        most = Math.max(most, running.size);
        setTimeout(
          () => {
            if (!running.delete(key)) return;
            const report = create(OutcomeReportSchema, { id, fencingToken, outcome: AttemptOutcome.SUCCEEDED });
            reports.set(key, report);
            session.outcome(report);
          },
          2 + Math.random() * 6,
        );
      },
      onCancel: () => {},
      onLogAck: () => {},
      onDrain: () => {},
      onOutcomeAck({ id, fencingToken, accepted: counts }) {
        if (reports.delete(`${id}/${fencingToken}`)) session.credit(1);
        if (counts) accepted.set(id, (accepted.get(id) ?? 0) + 1);
        news.resolve();
        news = Promise.withResolvers();
      },
    },
  });
  session.credit(50);
  return {
    accepted,
    most: () => most,
    async until(count: number): Promise<void> {
      while (accepted.size < count) await news.promise;
    },
    close: () => session.close(),
  };
}

function leaseOf(key: string) {
  const [id = "", token = "0"] = key.split("/");
  return { id, fencingToken: BigInt(token) };
}

test.each([
  ["SQLite", freshSqlite],
  ["Postgres", freshDatabase],
])(
  "%s: the limit of a queue holds over kills of the coordinator, and all of it is used",
  async (_name, fresh) => {
    const settings = { TSS_DATABASE_URL: await fresh(), TSS_COORDINATOR_LISTEN: `127.0.0.1:${await freePort()}` };
    let coordinator = await startCoordinatorProcess(settings);
    const connection = openConnection({ address: coordinator.address, apiKey: coordinator.key });
    const holder = startHolder(connection);
    try {
      await connection.service(QueueService).limitQueue({ name: "few", limit: LIMIT });
      const tasks = Array.from({ length: TASKS }, (_, i) => ({ name: `t${i}`, command: "x", queue: "few" }));
      await connection.service(TaskService).submitTasks({ tasks });
      for (const kill of KILLS) {
        await holder.until(kill);
        await coordinator.stop("SIGKILL");
        coordinator = await startCoordinatorProcess(settings);
      }
      await holder.until(TASKS);
      expect(holder.most()).toBe(LIMIT);
      expect([...holder.accepted.values()].every((count) => count === 1)).toBe(true);
      const { queues } = await eventually(() => connection.service(QueueService).listQueues({}));
      expect(queues).toMatchObject([
        { name: "few", limit: LIMIT, counts: { waiting: 0n, running: 0n, succeeded: 240n } },
      ]);
    } finally {
      await holder.close();
      connection.close();
      await coordinator.stop("SIGKILL");
    }
  },
  120_000,
);
