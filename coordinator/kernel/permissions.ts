import { Role } from "../../proto/gen/tss/v1/operator_service_pb.js";

/**
 * Who may call what. A method that is not named here may be called by nobody, and a server that offers one does not start.
 * Roles that include each other: viewer ⊂ submitter ⊂ operator ⊂ admin; worker stands apart.
 */
type Access = "everyone" | "any key" | "coordinators" | readonly Role[];

const ADMINS = [Role.ADMIN] as const;
const WORKERS = [Role.ADMIN, Role.WORKER] as const;
const OPERATORS = [Role.ADMIN, Role.OPERATOR] as const;
const SUBMITTERS = [...OPERATORS, Role.SUBMITTER] as const;
const READERS = [...SUBMITTERS, Role.VIEWER] as const;

/** Handlers and commands of a worker use locks with its key. */
const LOCKERS = [...SUBMITTERS, Role.WORKER] as const;

const TABLE: Readonly<Record<string, Readonly<Record<string, Access>>>> = {
  "tss.v1.TaskService": {
    SubmitTasks: SUBMITTERS,
    SubmitStream: SUBMITTERS,
    GetTask: READERS,
    ListTasks: READERS,
    CancelTasks: SUBMITTERS,
    RetryTasks: SUBMITTERS,
    WaitTask: READERS,
    WatchTasks: READERS,
    TailLogs: READERS,
    ExplainTask: READERS,
  },
  "tss.v1.BulkService": {
    PrepareBulk: SUBMITTERS,
    RunBulk: SUBMITTERS,
    StopBulk: SUBMITTERS,
    GetBulk: READERS,
    ListBulks: READERS,
  },
  "tss.v1.WorkerService": { Work: WORKERS, LeaseTasks: WORKERS, ReportTasks: WORKERS, GetSecrets: WORKERS },
  "tss.v1.QueueService": {
    ListQueues: READERS,
    GetQueue: READERS,
    ExplainQueue: READERS,
    PauseQueue: OPERATORS,
    ResumeQueue: OPERATORS,
    LimitQueue: OPERATORS,
  },
  "tss.v1.WorkerRegistryService": { ListWorkers: READERS, GetWorker: READERS, DrainWorker: OPERATORS },
  "tss.v1.ApiKeyService": {
    CreateApiKey: ADMINS,
    CreateJoinToken: ADMINS,
    // Its request carries a join token.
    JoinWorker: "everyone",
    RenewWorkerKey: WORKERS,
    ListApiKeys: ADMINS,
    RevokeApiKey: ADMINS,
  },
  "tss.v1.SecretService": {
    SetSecret: ADMINS,
    // Who submits has to know the names.
    ListSecrets: SUBMITTERS,
    DeleteSecret: ADMINS,
    RotateSecrets: ADMINS,
  },
  "tss.v1.StatsService": {
    GetOverview: READERS,
    WatchStats: READERS,
    GetSeries: READERS,
    ListFailureGroups: READERS,
    ListProblems: READERS,
    ListActivity: READERS,
    GetServerInfo: READERS,
  },
  "tss.v1.LockService": {
    AcquireLock: LOCKERS,
    RenewLock: LOCKERS,
    ReleaseLock: LOCKERS,
    LockStream: LOCKERS,
    ForceReleaseLock: OPERATORS,
    GetLock: READERS,
    ListLocks: READERS,
  },
  "tss.v1.PeerService": { WatchSamples: "coordinators", GetOpenBuckets: "coordinators" },
  "grpc.health.v1.Health": { Check: "everyone", List: "everyone", Watch: "everyone" },
  "grpc.reflection.v1.ServerReflection": { ServerReflectionInfo: "any key" },
  "grpc.reflection.v1alpha.ServerReflection": { ServerReflectionInfo: "any key" },
};

/** Every method of the table, as `package.Service/Method`. */
export function listedMethods(): readonly string[] {
  return Object.entries(TABLE).flatMap(([service, methods]) =>
    Object.keys(methods).map((method) => `${service}/${method}`),
  );
}

/** Whether the method may be called without a key. @param method `package.Service/Method` */
export function isOpenToEveryone(method: string): boolean {
  return accessTo(method) === "everyone";
}

/** Whether only the coordinators of the system call it, and no key may. */
export function isForCoordinators(method: string): boolean {
  return accessTo(method) === "coordinators";
}

/** Whether a key of this role may call the method. */
export function mayCall(role: Role, method: string): boolean {
  const access = accessTo(method);
  if (access === "everyone") return true;
  if (access === "coordinators") return false;
  if (access === "any key") return role !== Role.UNSPECIFIED && role !== Role.JOIN;
  return access.includes(role);
}

/** Names of the roles that may call the method, least powerful first, e.g. `submitter, operator or admin`. */
export function rolesThatMayCall(method: string): string {
  const roles = [Role.WORKER, Role.VIEWER, Role.SUBMITTER, Role.OPERATOR, Role.ADMIN];
  const names = roles.filter((role) => mayCall(role, method)).map(roleName);
  const last = names.pop() ?? "none";
  return names.length === 0 ? last : `${names.join(", ")} or ${last}`;
}

/** The name people write, e.g. `viewer`. */
export function roleName(role: Role): string {
  return (Role[role] ?? "UNSPECIFIED").toLowerCase();
}

function accessTo(method: string): Access {
  const slash = method.lastIndexOf("/");
  const methods = TABLE[method.slice(0, slash)];
  const name = method.slice(slash + 1);
  return methods !== undefined && Object.hasOwn(methods, name) ? (methods[name] ?? []) : [];
}
