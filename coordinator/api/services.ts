import type { DescService } from "@bufbuild/protobuf";
import type { Server } from "@grpc/grpc-js";
import { Health } from "../../proto/gen/grpc/health/v1/health_pb.js";
import { ServerReflection } from "../../proto/gen/grpc/reflection/v1/reflection_pb.js";
import { ServerReflection as AlphaReflection } from "../../proto/gen/grpc/reflection/v1alpha/reflection_pb.js";
import { BulkService } from "../../proto/gen/tss/v1/bulk_service_pb.js";
import { LockService } from "../../proto/gen/tss/v1/lock_service_pb.js";
import {
  ApiKeyService,
  QueueService,
  StatsService,
  WorkerRegistryService,
} from "../../proto/gen/tss/v1/operator_service_pb.js";
import { PeerService } from "../../proto/gen/tss/v1/peer_service_pb.js";
import { SecretService } from "../../proto/gen/tss/v1/secret_service_pb.js";
import { TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import { WorkerService } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { listedMethods } from "../kernel/permissions.ts";
import type { ApiKeyOperations } from "../operations/api-keys.ts";
import type { Operations } from "../operations/operations.ts";
import { decodeSubmitStreamRequest, decodeSubmitTasksRequest } from "./decode-submit.ts";
import { decodeWorkRequest } from "./decode-work.ts";
import { indexDescriptors } from "./descriptor-index.ts";
import type { Edge } from "./edge.ts";
import { encodeSubmitTasksResponse } from "./encode-submit.ts";
import { encodeLeaseTasksResponse } from "./encode-work.ts";
import { type Decode, methodName, serviceDefinition } from "./grpc-definition.ts";
import { grpcImplementation, type ServiceHandlers } from "./handlers.ts";
import type { HealthState } from "./health-service.ts";
import { serveLockStream } from "./lock-stream.ts";
import { REFLECTION_RESPONSES, serveReflection } from "./reflection-service.ts";
import { requirePrivate } from "./require-private.ts";
import { requireProtocol } from "./require-protocol.ts";
import { serveSubmitStream } from "./submit-stream.ts";
import { withholdSecrets } from "./withhold-secrets.ts";
import { serveWork } from "./work-stream.ts";

/** Everything a coordinator serves. */
export const SERVICES: readonly DescService[] = [
  TaskService,
  BulkService,
  WorkerService,
  QueueService,
  WorkerRegistryService,
  ApiKeyService,
  SecretService,
  StatsService,
  LockService,
  PeerService,
  Health,
  ServerReflection,
  AlphaReflection,
];

export interface ServiceParts {
  readonly operations: Operations;
  readonly apiKeys: ApiKeyOperations;
  readonly health: HealthState;
  readonly edge: Edge;
}

/** Puts every service on the server. @throws Error when a method has no line in the table of permissions. */
export function addServices(server: Server, { operations, apiKeys, health, edge }: ServiceParts): void {
  const { tasks, workers, operator, stats, locks, bulk, secrets, peers } = operations;
  const { limits } = edge;
  const index = indexDescriptors(SERVICES);
  const allowed = new Set(listedMethods());

  function add<S extends DescService, D extends Readonly<Record<string, Decode>> = Record<never, Decode>>(
    service: S,
    handlers: ServiceHandlers<S, D>,
    decoders?: D,
  ) {
    for (const method of service.methods)
      if (!allowed.has(methodName(method)))
        throw new Error(`${methodName(method)} has no line in coordinator/kernel/permissions.ts: say who may call it`);
    server.addService(serviceDefinition(service, decoders ?? {}), grpcImplementation(service, handlers, limits));
  }

  add(
    TaskService,
    {
      submitTasks: async (request, call) =>
        encodeSubmitTasksResponse(await tasks.submitTasks(call.provenCaller, request)),
      submitStream: (stream) => serveSubmitStream(stream, tasks, limits),
      getTask: (request, call) => tasks.getTask(call.provenCaller, request),
      listTasks: (request, call) => tasks.listTasks(call.provenCaller, request),
      cancelTasks: (request, call) => tasks.cancelTasks(call.provenCaller, request),
      retryTasks: (request, call) => tasks.retryTasks(call.provenCaller, request),
      waitTask: (request, call) => tasks.waitTask(call.provenCaller, request, call.signal),
      watchTasks: (request, call) => tasks.watchTasks(call.provenCaller, request, call.signal),
      tailLogs: (request, call) => tasks.tailLogs(call.provenCaller, request, call.signal),
      explainTask: (request, call) => tasks.explainTask(call.provenCaller, request),
    },
    { submitTasks: decodeSubmitTasksRequest, submitStream: decodeSubmitStreamRequest },
  );
  add(BulkService, {
    prepareBulk: (request, call) => bulk.prepareBulk(call.provenCaller, request),
    runBulk: (request, call) => bulk.runBulk(call.provenCaller, request),
    stopBulk: (request, call) => bulk.stopBulk(call.provenCaller, request),
    getBulk: (request, call) => bulk.getBulk(call.provenCaller, request),
    listBulks: (_, call) => bulk.listBulks(call.provenCaller),
  });
  add(
    WorkerService,
    {
      work: (stream) => serveWork(stream, workers, edge),
      async leaseTasks(request, call) {
        requireProtocol(request.worker);
        withholdSecrets(call, request.worker);
        return encodeLeaseTasksResponse(await workers.leaseTasks(call.provenCaller, request, call.signal));
      },
      reportTasks: (request, call) => workers.reportTasks(call.provenCaller, request),
      getSecrets: (request, call) => workers.getSecrets(call.provenCaller, requirePrivate(call, request)),
    },
    { work: decodeWorkRequest },
  );
  add(QueueService, {
    listQueues: (_, call) => operator.listQueues(call.provenCaller),
    getQueue: (request, call) => operator.getQueue(call.provenCaller, request),
    explainQueue: (request, call) => operator.explainQueue(call.provenCaller, request),
    pauseQueue: (request, call) => operator.pauseQueue(call.provenCaller, request),
    resumeQueue: (request, call) => operator.resumeQueue(call.provenCaller, request),
    limitQueue: (request, call) => operator.limitQueue(call.provenCaller, request),
  });
  add(WorkerRegistryService, {
    listWorkers: (_, call) => operator.listWorkers(call.provenCaller),
    getWorker: (request, call) => operator.getWorker(call.provenCaller, request),
    drainWorker: (request, call) => operator.drainWorker(call.provenCaller, request),
  });
  add(ApiKeyService, {
    createApiKey: (request, call) => apiKeys.createApiKey(call.provenCaller, request),
    createJoinToken: (request, call) => apiKeys.createJoinToken(call.provenCaller, request),
    joinWorker: (request, call) => apiKeys.joinWorker(call.peer, request),
    renewWorkerKey: (request, call) => apiKeys.renewWorkerKey(call.provenCaller, request),
    listApiKeys: (_, call) => apiKeys.listApiKeys(call.provenCaller),
    revokeApiKey: (request, call) => apiKeys.revokeApiKey(call.provenCaller, request),
  });
  add(SecretService, {
    setSecret: (request, call) => secrets.setSecret(call.provenCaller, requirePrivate(call, request)),
    listSecrets: (_, call) => secrets.listSecrets(call.provenCaller),
    deleteSecret: (request, call) => secrets.deleteSecret(call.provenCaller, request),
    rotateSecrets: (_, call) => secrets.rotateSecrets(call.provenCaller),
  });
  add(StatsService, {
    getOverview: (_, call) => operator.getOverview(call.provenCaller),
    watchStats: (request, call) => stats.watchStats(call.provenCaller, request, call.signal),
    getSeries: (request, call) => stats.getSeries(call.provenCaller, request),
    listFailureGroups: (request, call) => stats.listFailureGroups(call.provenCaller, request),
    listProblems: (request, call) => stats.listProblems(call.provenCaller, request),
    listActivity: (request, call) => stats.listActivity(call.provenCaller, request),
    getServerInfo: (_, call) => operator.getServerInfo(call.provenCaller),
  });
  add(LockService, {
    acquireLock: (request, call) => locks.acquireLock(call.provenCaller, request, call.signal),
    renewLock: (request, call) => locks.renewLock(call.provenCaller, request),
    releaseLock: (request, call) => locks.releaseLock(call.provenCaller, request),
    lockStream: (stream) => serveLockStream(stream, locks, limits),
    forceReleaseLock: (request, call) => locks.forceReleaseLock(call.provenCaller, request),
    getLock: (request, call) => locks.getLock(call.provenCaller, request),
    listLocks: (request, call) => locks.listLocks(call.provenCaller, request),
  });
  add(PeerService, {
    watchSamples: (request, call) => peers.watchSamples(call.provenCaller, request, call.signal),
    getOpenBuckets: (request, call) => peers.getOpenBuckets(call.provenCaller, request),
  });
  add(Health, health.handlers);
  add(ServerReflection, {
    serverReflectionInfo: (stream) => serveReflection(stream, REFLECTION_RESPONSES.v1, index, limits.streamOutboxBytes),
  });
  add(AlphaReflection, {
    serverReflectionInfo: (stream) =>
      serveReflection(stream, REFLECTION_RESPONSES.v1alpha, index, limits.streamOutboxBytes),
  });
}
