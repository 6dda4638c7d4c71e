import type { TssError } from "../../proto/errors.ts";
import type * as bulk from "../../proto/gen/tss/v1/bulk_service_pb.js";
import type * as locks from "../../proto/gen/tss/v1/lock_service_pb.js";
import type * as operator from "../../proto/gen/tss/v1/operator_service_pb.js";
import type * as peer from "../../proto/gen/tss/v1/peer_service_pb.js";
import type * as secrets from "../../proto/gen/tss/v1/secret_service_pb.js";
import type * as stats from "../../proto/gen/tss/v1/stats_pb.js";
import type * as tasks from "../../proto/gen/tss/v1/task_service_pb.js";
import type * as worker from "../../proto/gen/tss/v1/worker_service_pb.js";
import type { AttemptReport, AttemptStart } from "../kernel/attempt-report.ts";
import type { ReceivedTask } from "../kernel/received-task.ts";
import type { TaskLock } from "../kernel/task-lock.ts";

/** Who calls, as the edge has proven it. */
export interface Caller {
  /** Id of the API key. */
  readonly keyId: string;
  readonly role: operator.Role;
  /** The call was passed on by another coordinator: it is answered here, whatever is known of owners. */
  readonly forwarded?: boolean;
  /** The call is one of many of a job on many tasks, which is told of in their place: answers name tasks and say no more of them. */
  readonly inJob?: boolean;
  /** The key was used with the secret that is to take the place of the other. */
  readonly bySecretToBe?: boolean;
}

/**
 * Everything the gRPC edge may ask of the coordinator, in the messages of the contract. The edge has checked the key and
 * the role; validation, limits and decisions are here. Every method throws TssError and nothing else that a caller
 * should see. `signal` ends with the call (deadline, cancellation, lost connection).
 */
export interface Operations {
  readonly tasks: TaskOperations;
  readonly workers: WorkerOperations;
  readonly operator: OperatorOperations;
  readonly stats: StatsOperations;
  readonly bulk: BulkOperations;
  readonly locks: LockOperations;
  readonly secrets: SecretOperations;
  readonly peers: PeerOperations;
}

export interface TaskOperations {
  /** One answer for each task, in their order, when those that are accepted are durable. */
  submitTasks(caller: Caller, request: SubmitRequest): Promise<readonly SubmitAnswer[]>;
  getTask(caller: Caller, request: tasks.GetTaskRequest): Promise<tasks.GetTaskResponse>;
  listTasks(caller: Caller, request: tasks.ListTasksRequest): Promise<tasks.ListTasksResponse>;
  cancelTasks(caller: Caller, request: tasks.CancelTasksRequest): Promise<tasks.CancelTasksResponse>;
  retryTasks(caller: Caller, request: tasks.RetryTasksRequest): Promise<tasks.RetryTasksResponse>;
  waitTask(caller: Caller, request: tasks.WaitTaskRequest, signal: AbortSignal): Promise<tasks.WaitTaskResponse>;
  watchTasks(
    caller: Caller,
    request: tasks.WatchTasksRequest,
    signal: AbortSignal,
  ): AsyncIterable<tasks.WatchTasksResponse>;
  tailLogs(caller: Caller, request: tasks.TailLogsRequest, signal: AbortSignal): AsyncIterable<tasks.TailLogsResponse>;
  explainTask(caller: Caller, request: tasks.ExplainTaskRequest): Promise<tasks.ExplainTaskResponse>;
}

/** A SubmitTasksRequest as it came. */
export interface SubmitRequest {
  readonly tasks: readonly ReceivedTask[];
  readonly requestId: string;
}

/** A SubmitResult: the durable task, or why it was refused. */
export type SubmitAnswer = { readonly id: string; readonly duplicate: boolean } | TssError;

export interface WorkerOperations {
  /**
   * Begins or goes on with a session on one `Work` stream. The edge gives the stream's first message (it must carry
   * `hello`); later ones go to `receive`.
   */
  attach(caller: Caller, first: WorkerMessage, stream: WorkStream): WorkAttachment;
  leaseTasks(caller: Caller, request: worker.LeaseTasksRequest, signal: AbortSignal): Promise<LeaseAnswer>;
  reportTasks(caller: Caller, request: worker.ReportTasksRequest): Promise<worker.ReportTasksResponse>;
  /** The edge has seen to it that nobody on the way can read the answer. */
  getSecrets(caller: Caller, request: worker.GetSecretsRequest): Promise<worker.GetSecretsResponse>;
}

/** The coordinator's end of one `Work` stream. */
export interface WorkStream {
  /** Queues a message; the edge joins what is queued in one turn. False: the peer reads too slowly, hold leases back. */
  send(answer: WorkAnswer): boolean;
  /** Queues the answer to one report; as `send`. */
  acknowledge(id: string, token: number, accepted: boolean): boolean;
  /** Calls back once when the peer has caught up after `send` gave false. */
  onDrained(callback: () => void): void;
  /** Ends the stream: without an error in good order, else with its status. */
  end(error?: Error): void;
}

export interface WorkAttachment {
  /** One message of the worker. Never throws: a message that makes no sense ends the stream with INVALID_ARGUMENT. */
  receive(message: WorkerMessage): void;
  /** The stream is gone; the session lives on until its lease is over. */
  closed(): void;
}

/** A WorkRequest whose reports are plain numbers. */
export interface WorkerMessage extends WorkerReports {
  readonly hello: worker.Hello | undefined;
  readonly credit: number;
  readonly draining: boolean;
  readonly creditWithdrawn: number;
  readonly announcements: readonly worker.Announcement[];
}

/** What a worker says of its attempts. */
export interface WorkerReports {
  readonly outcomes: readonly AttemptReport[];
  readonly starts: readonly AttemptStart[];
  readonly progress: readonly worker.ProgressReport[];
  readonly logs: readonly worker.LogReport[];
}

/** A lease as the engine gives it; `spec` is the client's TaskSpec bytes, untouched. */
export interface LeaseGrant {
  readonly id: string;
  readonly token: number;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly spec: Uint8Array;
  /** Milliseconds; 0: none. */
  readonly timeoutMs: number;
  readonly createdAt: number;
  /** Milliseconds, defaults applied; absent: the worker takes it from the spec. */
  readonly cancelGraceMs?: number;
  /** Milliseconds; absent: the worker takes it from the spec. */
  readonly heartbeatTimeoutMs?: number;
  /** Absent: none. */
  readonly locks?: readonly TaskLock[];
}

/** A WorkResponse whose leases carry the spec as bytes: the edge writes them into the message without decoding. */
export interface WorkAnswer {
  readonly welcome?: worker.Welcome;
  readonly leases?: readonly LeaseGrant[];
  readonly outcomeAcks?: readonly { readonly id: string; readonly token: number; readonly accepted: boolean }[];
  readonly cancels?: readonly { readonly id: string; readonly token: number; readonly reason: number }[];
  readonly logAcks?: readonly {
    readonly id: string;
    readonly token: number;
    readonly offset: number;
    readonly full: boolean;
  }[];
  readonly drain?: boolean;
  readonly adoption?: worker.Adoption;
  /** Attempts whose shard has left this coordinator. */
  readonly moved?: readonly { readonly id: string; readonly token: number }[];
  /** Addresses of every coordinator. */
  readonly coordinators?: readonly string[];
  /** An otherwise empty answer: the worker's sign of life was heard. */
  readonly heard?: boolean;
}

export interface LeaseAnswer extends WorkAnswer {
  readonly sessionId: string;
  /** Call again within this many milliseconds. */
  readonly nextMs: number;
}

export interface OperatorOperations {
  listQueues(caller: Caller): Promise<operator.ListQueuesResponse>;
  getQueue(caller: Caller, request: operator.GetQueueRequest): Promise<operator.GetQueueResponse>;
  explainQueue(caller: Caller, request: operator.ExplainQueueRequest): Promise<operator.ExplainQueueResponse>;
  pauseQueue(caller: Caller, request: operator.PauseQueueRequest): Promise<operator.PauseQueueResponse>;
  resumeQueue(caller: Caller, request: operator.ResumeQueueRequest): Promise<operator.ResumeQueueResponse>;
  limitQueue(caller: Caller, request: operator.LimitQueueRequest): Promise<operator.LimitQueueResponse>;
  listWorkers(caller: Caller): Promise<operator.ListWorkersResponse>;
  getWorker(caller: Caller, request: operator.GetWorkerRequest): Promise<operator.GetWorkerResponse>;
  drainWorker(caller: Caller, request: operator.DrainWorkerRequest): Promise<operator.DrainWorkerResponse>;
  getOverview(caller: Caller): Promise<operator.GetOverviewResponse>;
  getServerInfo(caller: Caller): Promise<operator.GetServerInfoResponse>;
}

export interface BulkOperations {
  prepareBulk(caller: Caller, request: bulk.PrepareBulkRequest): Promise<bulk.PrepareBulkResponse>;
  runBulk(caller: Caller, request: bulk.RunBulkRequest): Promise<bulk.RunBulkResponse>;
  stopBulk(caller: Caller, request: bulk.StopBulkRequest): Promise<bulk.StopBulkResponse>;
  getBulk(caller: Caller, request: bulk.GetBulkRequest): Promise<bulk.GetBulkResponse>;
  listBulks(caller: Caller): Promise<bulk.ListBulksResponse>;
}

export interface StatsOperations {
  /** Frames are shared by everyone who watches: each is encoded once. */
  watchStats(caller: Caller, request: stats.WatchStatsRequest, signal: AbortSignal): AsyncIterable<Uint8Array>;
  getSeries(caller: Caller, request: stats.GetSeriesRequest): Promise<stats.GetSeriesResponse>;
  listFailureGroups(caller: Caller, request: stats.ListFailureGroupsRequest): Promise<stats.ListFailureGroupsResponse>;
  listProblems(caller: Caller, request: stats.ListProblemsRequest): Promise<stats.ListProblemsResponse>;
  listActivity(caller: Caller, request: stats.ListActivityRequest): Promise<stats.ListActivityResponse>;
}

/** What coordinators ask of each other for themselves. */
export interface PeerOperations {
  /** Encoded once for all that listen. */
  watchSamples(caller: Caller, request: peer.WatchSamplesRequest, signal: AbortSignal): AsyncIterable<Uint8Array>;
  getOpenBuckets(caller: Caller, request: peer.GetOpenBucketsRequest): Promise<peer.GetOpenBucketsResponse>;
}

export interface LockOperations {
  acquireLock(
    caller: Caller,
    request: locks.AcquireLockRequest,
    signal: AbortSignal,
  ): Promise<locks.AcquireLockResponse>;
  renewLock(caller: Caller, request: locks.RenewLockRequest): Promise<locks.RenewLockResponse>;
  releaseLock(caller: Caller, request: locks.ReleaseLockRequest): Promise<locks.ReleaseLockResponse>;
  forceReleaseLock(caller: Caller, request: locks.ForceReleaseLockRequest): Promise<locks.ForceReleaseLockResponse>;
  getLock(caller: Caller, request: locks.GetLockRequest): Promise<locks.GetLockResponse>;
  listLocks(caller: Caller, request: locks.ListLocksRequest): Promise<locks.ListLocksResponse>;
}

export interface SecretOperations {
  /** The edge has seen to it that nobody on the way could read the value. */
  setSecret(caller: Caller, request: secrets.SetSecretRequest): Promise<secrets.SetSecretResponse>;
  listSecrets(caller: Caller): Promise<secrets.ListSecretsResponse>;
  deleteSecret(caller: Caller, request: secrets.DeleteSecretRequest): Promise<secrets.DeleteSecretResponse>;
  rotateSecrets(caller: Caller): Promise<secrets.RotateSecretsResponse>;
}
