import { create } from "@bufbuild/protobuf";
import {
  GetBulkResponseSchema,
  ListBulksResponseSchema,
  PrepareBulkResponseSchema,
  RunBulkResponseSchema,
  StopBulkResponseSchema,
} from "../../proto/gen/tss/v1/bulk_service_pb.js";
import {
  DrainWorkerResponseSchema,
  GetOverviewResponseSchema,
  GetServerInfoResponseSchema,
  GetWorkerResponseSchema,
  LimitQueueResponseSchema,
  ListWorkersResponseSchema,
  PauseQueueResponseSchema,
  ResumeQueueResponseSchema,
} from "../../proto/gen/tss/v1/operator_service_pb.js";
import { GetTaskResponseSchema } from "../../proto/gen/tss/v1/task_service_pb.js";
import type { LogBook } from "../engine/log-book.ts";
import type { EngineState } from "../engine/state.ts";
import { listedMethods, mayCall } from "../kernel/permissions.ts";
import { toTimestamp } from "../kernel/time.ts";
import type { Stats } from "../stats/start-stats.ts";
import { peerOperations } from "./answer-peers.ts";
import type { BulkHost } from "./bulk/bulk-host.ts";
import { cancelTasks } from "./cancel-tasks.ts";
import { countTasks, listQueues } from "./describe-queues.ts";
import { describeTask } from "./describe-task.ts";
import { explainQueue } from "./explain-queue.ts";
import { explainTask } from "./explain-task.ts";
import { findTask } from "./find-task.ts";
import { listTasks } from "./list-tasks.ts";
import { lockOperations } from "./operate-locks.ts";
import { limitQueue, pauseQueue, resumeQueue } from "./operate-queues.ts";
import { describeWorker, drainWorker, findWorker, listWorkers } from "./operate-workers.ts";
import type { BulkOperations, Operations, OperatorOperations, TaskOperations, WorkerOperations } from "./operations.ts";
import { leaseTasks, reportTasks } from "./poll-worker.ts";
import { retryTasks } from "./retry-tasks.ts";
import { getSecrets } from "./secrets/get-secrets.ts";
import type { MasterKeys } from "./secrets/master-keys.ts";
import { createSecretOperations } from "./secrets/secret-operations.ts";
import { getQueue, statsOperations } from "./stats-operations.ts";
import { submitTasks } from "./submit-tasks.ts";
import { tailLogs } from "./tail-logs.ts";
import { taskLockCalls } from "./task-lock-calls.ts";
import { waitTask } from "./wait-task.ts";
import { watchTasks } from "./watch-tasks.ts";
import { attachWorker } from "./worker-session.ts";

export interface ServerFacts {
  readonly version: string;
  readonly schemaVersion: number;
  readonly startedAt: number;
}

/** What the edge may ask, carried out on one engine. */
export function createOperations(
  state: EngineState,
  logs: LogBook,
  stats: Stats,
  bulks: BulkHost,
  facts: ServerFacts,
  masters: MasterKeys,
): Operations {
  const locks = lockOperations(state);
  state.taskLocks.connect(taskLockCalls(locks));
  return {
    tasks: taskOperations(state, logs, stats, masters),
    workers: workerOperations(state, logs, masters),
    operator: operatorOperations(state, stats, facts),
    stats: statsOperations(state, stats),
    bulk: bulkOperations(bulks),
    locks,
    secrets: createSecretOperations({
      catalog: state.store.catalog,
      masters,
      clock: state.clock,
      logger: state.logger,
    }),
    peers: peerOperations(stats),
  };
}

function taskOperations(state: EngineState, logs: LogBook, stats: Stats, masters: MasterKeys): TaskOperations {
  const canOpen = masters.current !== undefined;
  return {
    submitTasks: (caller, request) => submitTasks(state, caller, request, canOpen),
    getTask: async (_caller, { id }) =>
      create(GetTaskResponseSchema, { task: describeTask(state, await findTask(state, id), "full") }),
    listTasks: (_caller, request) => listTasks(state, request),
    cancelTasks: (caller, request) => cancelTasks(state, caller, request),
    retryTasks: (caller, request) => retryTasks(state, caller, request),
    waitTask: (_caller, request, signal) => waitTask(state, request, signal),
    watchTasks: (_caller, request, signal) => watchTasks(state, request, signal),
    tailLogs: (_caller, request, signal) => tailLogs(state, logs, request, signal),
    explainTask: (_caller, request) => explainTask(state, stats, request),
  };
}

function bulkOperations(host: BulkHost): BulkOperations {
  return {
    prepareBulk: async (caller, request) =>
      create(PrepareBulkResponseSchema, { bulk: await (await host.jobs()).prepare(caller, request) }),
    runBulk: async (caller, request) => create(RunBulkResponseSchema, await (await host.jobs()).run(caller, request)),
    stopBulk: async (_caller, { id }) => create(StopBulkResponseSchema, await (await host.jobs()).stop(id)),
    getBulk: async (_caller, { id }) => create(GetBulkResponseSchema, { bulk: (await host.jobs()).get(id) }),
    listBulks: async () => create(ListBulksResponseSchema, { bulks: [...(await host.jobs()).list()] }),
  };
}

function workerOperations(state: EngineState, logs: LogBook, masters: MasterKeys): WorkerOperations {
  return {
    attach: (caller, first, stream) => attachWorker(state, logs, caller, first, stream),
    leaseTasks: (caller, request, signal) => leaseTasks(state, caller, request, signal),
    reportTasks: (caller, request) => reportTasks(state, logs, caller, request),
    getSecrets: (caller, request) => getSecrets(state, masters, caller, request),
  };
}

function operatorOperations(state: EngineState, stats: Stats, facts: ServerFacts): OperatorOperations {
  return {
    listQueues: async () => listQueues(state, stats),
    getQueue: async (_caller, request) => getQueue(state, stats, request),
    explainQueue: async (caller, request) => explainQueue(state, stats, caller, request),
    pauseQueue: async (_caller, request) =>
      create(PauseQueueResponseSchema, { queue: await pauseQueue(state, request) }),
    resumeQueue: async (_caller, request) =>
      create(ResumeQueueResponseSchema, { queue: await resumeQueue(state, request) }),
    limitQueue: async (_caller, request) =>
      create(LimitQueueResponseSchema, { queue: await limitQueue(state, request) }),
    listWorkers: async () => create(ListWorkersResponseSchema, { workers: listWorkers(state) }),
    getWorker: async (_caller, { sessionId }) =>
      create(GetWorkerResponseSchema, { worker: describeWorker(state, findWorker(state, sessionId), true) }),
    drainWorker: async (_caller, { sessionId }) =>
      create(DrainWorkerResponseSchema, { worker: describeWorker(state, drainWorker(state, sessionId)) }),
    getOverview: async () => {
      const workers = listWorkers(state);
      return create(GetOverviewResponseSchema, {
        counts: countTasks(state),
        workers: workers.length,
        slots: workers.reduce((sum, worker) => sum + (worker.info?.slots ?? 0), 0),
        slotsUsed: workers.reduce((sum, worker) => sum + worker.running, 0),
        queues: listQueues(state).queues,
        overview: stats.board.overview(),
      });
    },
    getServerInfo: async (caller) =>
      create(GetServerInfoResponseSchema, {
        version: facts.version,
        store: state.store.kind,
        schemaVersion: facts.schemaVersion,
        storeOk: state.storeProblem === null,
        storeProblem: state.storeProblem ?? "",
        now: toTimestamp(state.clock.now()),
        startedAt: toTimestamp(facts.startedAt),
        shards: state.shards.count,
        shardsOwned: state.shards.size,
        keyId: caller.keyId,
        role: caller.role,
        methods: listedMethods().filter((method) => method.startsWith("tss.") && mayCall(caller.role, method)),
      }),
  };
}
