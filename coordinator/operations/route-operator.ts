import { create } from "@bufbuild/protobuf";
import { TssError } from "../../proto/errors.ts";
import {
  type ExplainQueueResponse,
  GetOverviewResponseSchema,
  GetQueueResponseSchema,
  ListQueuesResponseSchema,
  ListWorkersResponseSchema,
  type Queue,
  type QueueCounts,
  QueueCountsSchema,
  QueueSchema,
  QueueService,
  StatsService,
  WorkerRegistryService,
} from "../../proto/gen/tss/v1/operator_service_pb.js";
import { joinExplained } from "./join-explained.ts";
import type { Caller, OperatorOperations } from "./operations.ts";
import type { Peers, Routes } from "./peers.ts";

/**
 * What operators ask of the whole system: each coordinator tells its part, and the parts are put together.
 * @param queuesChanged tells the others to read the settings of queues again.
 */
export function routeOperator(
  local: OperatorOperations,
  routes: Routes,
  peers: Peers,
  queuesChanged: () => void,
): OperatorOperations {
  /** The answers of all that answer; one that has just gone is missing. */
  const everywhere = async <A>(
    caller: Caller,
    here: () => Promise<A>,
    there: (address: string) => Promise<A>,
  ): Promise<readonly A[]> => {
    const others = caller.forwarded ? [] : routes.others();
    const answers = await Promise.allSettled([here(), ...others.map(there)]);
    const [own] = answers;
    if (own?.status === "rejected") throw own.reason;
    return answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  };
  /** The first coordinator that knows the session. */
  const anywhere = async <A>(caller: Caller, here: () => Promise<A>, there: (address: string) => Promise<A>) => {
    try {
      return await here();
    } catch (error) {
      const elsewhere = caller.forwarded ? [] : await Promise.allSettled(routes.others().map(there));
      for (const answer of elsewhere) if (answer.status === "fulfilled") return answer.value;
      throw error;
    }
  };
  return {
    ...local,
    async explainQueue(caller, request) {
      const { explainQueue } = QueueService.method;
      const [own, ...others] = await everywhere(
        caller,
        () => local.explainQueue(caller, request),
        (address) => peers.call(address, explainQueue, request, caller),
      );
      return joinExplained(own as ExplainQueueResponse, others);
    },
    async getQueue(caller, request) {
      const { getQueue } = QueueService.method;
      const parts = await everywhere(
        caller,
        () => local.getQueue(caller, request),
        (address) => peers.call(address, getQueue, request, caller),
      );
      const [queue] = joinQueues(parts.flatMap((part) => part.queue ?? []));
      // Its types are those of all coordinators already.
      return create(GetQueueResponseSchema, { queue, types: parts[0]?.types ?? [] });
    },
    async pauseQueue(caller, request) {
      const answer = await local.pauseQueue(caller, request);
      queuesChanged();
      return answer;
    },
    async resumeQueue(caller, request) {
      const answer = await local.resumeQueue(caller, request);
      queuesChanged();
      return answer;
    },
    async limitQueue(caller, request) {
      const answer = await local.limitQueue(caller, request);
      queuesChanged();
      return answer;
    },
    async listQueues(caller) {
      const parts = await everywhere(
        caller,
        () => local.listQueues(caller),
        (address) =>
          peers.call(address, QueueService.method.listQueues, create(QueueService.method.listQueues.input), caller),
      );
      return create(ListQueuesResponseSchema, { queues: joinQueues(parts.flatMap(({ queues }) => queues)) });
    },
    async listWorkers(caller) {
      const { listWorkers } = WorkerRegistryService.method;
      const parts = await everywhere(
        caller,
        () => local.listWorkers(caller),
        (address) => peers.call(address, listWorkers, create(listWorkers.input), caller),
      );
      const workers = parts.flatMap((part) => part.workers);
      return create(ListWorkersResponseSchema, {
        workers: workers.sort((a, b) => ((a.info?.name ?? "") < (b.info?.name ?? "") ? -1 : 1)),
      });
    },
    getWorker: (caller, request) =>
      anywhere(
        caller,
        () => local.getWorker(caller, request),
        (address) => peers.call(address, WorkerRegistryService.method.getWorker, request, caller),
      ),
    drainWorker: (caller, request) =>
      anywhere(
        caller,
        () => local.drainWorker(caller, request),
        (address) => peers.call(address, WorkerRegistryService.method.drainWorker, request, caller),
      ),
    async getOverview(caller) {
      const { getOverview } = StatsService.method;
      const parts = await everywhere(
        caller,
        () => local.getOverview(caller),
        (address) => peers.call(address, getOverview, create(getOverview.input), caller),
      );
      const queues = joinQueues(parts.flatMap((part) => part.queues));
      return create(GetOverviewResponseSchema, {
        queues,
        counts: addCounts(parts.map(({ counts }) => counts)),
        // A worker has a session with each coordinator, and the same slots in all of them.
        workers: Math.max(...parts.map(({ workers }) => workers)),
        slots: Math.max(...parts.map(({ slots }) => slots)),
        slotsUsed: parts.reduce((sum, { slotsUsed }) => sum + slotsUsed, 0),
        ...(parts[0]?.overview && { overview: parts[0].overview }),
      });
    },
  };
}

function joinQueues(queues: readonly Queue[]): Queue[] {
  const byName = new Map<string, Queue[]>();
  for (const queue of queues) byName.set(queue.name, [...(byName.get(queue.name) ?? []), queue]);
  return [...byName.values()]
    .map((parts) => {
      const [first] = parts as [Queue];
      const ages = parts.flatMap(({ oldestReadyAge }) => oldestReadyAge ?? []);
      const oldestReadyAge = ages.sort((a, b) => Number(b.seconds - a.seconds) || b.nanos - a.nanos)[0];
      return create(QueueSchema, { ...first, counts: addCounts(parts.map(({ counts }) => counts)), oldestReadyAge });
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function addCounts(parts: readonly (QueueCounts | undefined)[]): QueueCounts {
  const sum = create(QueueCountsSchema);
  for (const part of parts) {
    if (part === undefined) throw new TssError("INTERNAL", "A coordinator answered without counts.");
    for (const name of ["waiting", "running", "succeeded", "failed", "cancelled"] as const) sum[name] += part[name];
  }
  return sum;
}
