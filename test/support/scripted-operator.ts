import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { OperatorOperations } from "../../coordinator/operations/operations.ts";
import { TssError } from "../../proto/errors.ts";
import * as api from "../../proto/gen/tss/v1/operator_service_pb.js";
import type { OperatorState } from "./scripted-house.ts";

/** What a scripted house answers to calls about queues, workers and itself. */
export function scriptedOperator(state: OperatorState): OperatorOperations {
  const queueOf = (name: string) => {
    const queue = state.queues.find((candidate) => candidate.name === name);
    if (queue === undefined) throw new TssError("NOT_FOUND", `There is no queue "${name}".`);
    return queue;
  };
  const setPaused = (name: string, paused: boolean, pauseNote: string) =>
    Object.assign(queueOf(name), { paused, pauseNote });
  const worker = (sessionId: string) => {
    const found = state.workers.find((candidate) => candidate.sessionId === sessionId);
    if (found === undefined) throw new TssError("NOT_FOUND", `There is no worker session ${sessionId}.`);
    return found;
  };
  return {
    listQueues: async () => create(api.ListQueuesResponseSchema, { queues: state.queues }),
    getQueue: async (_caller, { name }) =>
      create(api.GetQueueResponseSchema, { queue: state.queues.find((candidate) => candidate.name === name) }),
    explainQueue: async () => create(api.ExplainQueueResponseSchema, { summary: "Nothing holds it back." }),
    pauseQueue: async (_caller, { name, note }) =>
      create(api.PauseQueueResponseSchema, { queue: setPaused(name, true, note) }),
    resumeQueue: async (_caller, { name }) =>
      create(api.ResumeQueueResponseSchema, { queue: setPaused(name, false, "") }),
    limitQueue: async (_caller, { name, limit }) =>
      create(api.LimitQueueResponseSchema, { queue: Object.assign(queueOf(name), { limit }) }),
    listWorkers: async () => create(api.ListWorkersResponseSchema, { workers: state.workers }),
    getWorker: async (_caller, { sessionId }) => create(api.GetWorkerResponseSchema, { worker: worker(sessionId) }),
    async drainWorker(_caller, { sessionId }) {
      state.drained.push(sessionId);
      return create(api.DrainWorkerResponseSchema, {
        worker: { ...worker(sessionId), state: api.WorkerState.DRAINING },
      });
    },
    getOverview: async () => create(api.GetOverviewResponseSchema, { ...state.overview, queues: state.queues }),
    getServerInfo: async (caller) => {
      const now = Date.now();
      return create(api.GetServerInfoResponseSchema, {
        version: "5.0.0",
        store: "sqlite",
        schemaVersion: 3,
        storeOk: true,
        now: timestampFromMs(now + state.clockAheadMs),
        startedAt: timestampFromMs(now - 3_600_000),
        shards: 4,
        shardsOwned: 4,
        keyId: caller.keyId,
        role: caller.role,
      });
    },
  };
}
