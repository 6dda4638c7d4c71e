import { type Bulk, BulkAction, BulkPhase } from "../../proto/gen/tss/v1/bulk_service_pb.js";
import { type CreateApiKeyRequest, Role } from "../../proto/gen/tss/v1/operator_service_pb.js";
import type { Logger } from "../../runtime/logger.ts";
import { roleName } from "../kernel/permissions.ts";
import { countText, manyText } from "../kernel/words.ts";
import { ACTIVITY, type ActivityLog, type Told } from "../stats/activity-log.ts";
import type { ApiKeyOperations } from "./api-keys.ts";
import type { BulkRecord } from "./bulk/bulk-record.ts";
import type { Caller, Operations } from "./operations.ts";
import { auditSecrets } from "./secrets/audit-secrets.ts";

export interface AuditParts {
  readonly activity: Pick<ActivityLog, "record" | "note">;
  readonly logger: Logger;
  /** Name of a key now; "": not known. */
  readonly nameOf: (keyId: string) => string;
}

/** Tasks of the same call or of calls shortly after one another are one entry. */
const TOGETHER_MS = 1_000;
const IDS_TOLD = 20;

type Change = Omit<Told, "kind" | "keyId" | "keyName">;

/**
 * Writes down who changed what. Changes of queues, workers and keys, and locks that are taken from another's hands, are on the disk before they are answered; tasks that are
 * cancelled or retried, which programs do by the thousand, are written together shortly after. Submits are not told: each
 * task knows who submitted it.
 */
export class Audit {
  readonly #parts: AuditParts;
  readonly #tasks = new Map<string, { readonly caller: Caller; readonly action: TaskAction; readonly ids: string[] }>();
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: AuditParts) {
    this.#parts = parts;
  }

  operations(inner: Operations): Operations {
    const { operator, tasks, locks, bulk, secrets } = inner;
    return {
      ...inner,
      operator: {
        ...operator,
        pauseQueue: async (caller, request) => {
          const answer = await operator.pauseQueue(caller, request);
          const { name, note } = request;
          await this.#record(caller, {
            action: "queue.pause",
            subject: `queue/${name}`,
            summary: `${this.#who(caller)} paused queue ${name}${note === "" ? "" : `: ${note}`}.`,
            detail: note === "" ? {} : { note },
          });
          return answer;
        },
        resumeQueue: async (caller, request) => {
          const answer = await operator.resumeQueue(caller, request);
          const { name } = request;
          const summary = `${this.#who(caller)} resumed queue ${name}.`;
          await this.#record(caller, { action: "queue.resume", subject: `queue/${name}`, summary });
          return answer;
        },
        limitQueue: async (caller, request) => {
          const answer = await operator.limitQueue(caller, request);
          const { name, limit } = request;
          const what = limit === 0 ? `took the limit off queue ${name}` : `limited queue ${name} to ${limit} at a time`;
          await this.#record(caller, {
            action: "queue.limit",
            subject: `queue/${name}`,
            summary: `${this.#who(caller)} ${what}.`,
            detail: { limit: String(limit) },
          });
          return answer;
        },
        drainWorker: async (caller, request) => {
          const answer = await operator.drainWorker(caller, request);
          const worker = answer.worker?.info?.name ?? "";
          await this.#record(caller, {
            action: "worker.drain",
            subject: `worker/${request.sessionId}`,
            summary: `${this.#who(caller)} told worker ${worker} to drain.`,
            detail: { worker },
          });
          return answer;
        },
      },
      bulk: {
        ...bulk,
        runBulk: async (caller, request) => {
          const answer = await bulk.runBulk(caller, request);
          if (answer.changed && answer.bulk !== undefined)
            await this.#record(caller, tellBulk("bulk.run", `${this.#who(caller)} set out to`, answer.bulk));
          return answer;
        },
        stopBulk: async (caller, request) => {
          const answer = await bulk.stopBulk(caller, request);
          if (answer.changed && answer.bulk?.startsAt !== undefined)
            await this.#record(caller, tellBulk("bulk.stop", `${this.#who(caller)} stopped what was to`, answer.bulk));
          return answer;
        },
      },
      secrets: auditSecrets(
        secrets,
        (caller, change) => this.#record(caller, change),
        (caller) => this.#who(caller),
      ),
      locks: {
        ...locks,
        forceReleaseLock: async (caller, request) => {
          const answer = await locks.forceReleaseLock(caller, request);
          const holders = answer.released.map(({ holder }) => holder).join(", ");
          if (answer.released.length > 0)
            await this.#record(caller, {
              action: "lock.force-release",
              subject: `lock/${request.name}`,
              summary: `${this.#who(caller)} took lock ${request.name} from ${holders}.`,
              detail: { tokens: answer.released.map(({ token }) => token).join(" ") },
            });
          return answer;
        },
      },
      tasks: {
        ...tasks,
        cancelTasks: async (caller, request) => {
          const answer = await tasks.cancelTasks(caller, request);
          this.#noteTasks(
            caller,
            "task.cancel",
            request.ids.filter((_, at) => answer.results[at]?.changed),
          );
          return answer;
        },
        retryTasks: async (caller, request) => {
          const answer = await tasks.retryTasks(caller, request);
          const made = (at: number) => answer.results[at]?.result.case === "task";
          this.#noteTasks(
            caller,
            "task.retry",
            request.ids.filter((_, at) => made(at)),
          );
          return answer;
        },
      },
    };
  }

  /** What a job on many tasks has come to, told in the name of who ran it. */
  bulkEnded({ id, action, phase, changed, keyId, problem }: BulkRecord): void {
    const caller = { keyId, role: Role.UNSPECIFIED };
    const failed = phase === BulkPhase.FAILED;
    const did = action === BulkAction.CANCEL ? "cancelled" : "ran again";
    const summary = `${this.#who(caller)} ${did} ${manyText(changed, "task")}${failed ? `, then it could not go on: ${problem}` : "."}`;
    const detail = { count: String(changed), job: id };
    this.#parts.activity.note(this.#signed(caller, { action: "bulk.end", subject: "system", summary, detail }));
  }

  apiKeys(inner: ApiKeyOperations): ApiKeyOperations {
    return {
      ...inner,
      createApiKey: async (caller, request) => {
        const answer = await inner.createApiKey(caller, request);
        const { id = "" } = answer.apiKey ?? {};
        await this.#record(caller, {
          action: "key.create",
          subject: `key/${id}`,
          summary: `${this.#who(caller)} made the key ${request.name} (tss_${id}_…) of the role ${roleOf(request)}.`,
          detail: { name: request.name, role: roleOf(request) },
        });
        return answer;
      },
      createJoinToken: async (caller, request) => {
        const answer = await inner.createJoinToken(caller, request);
        const { id = "", name = "" } = answer.apiKey ?? {};
        await this.#record(caller, {
          action: "key.join-token",
          subject: `key/${id}`,
          summary: `${this.#who(caller)} made the join token tss_${id}_….`,
          detail: { name },
        });
        return answer;
      },
      joinWorker: async (address, request) => {
        const answer = await inner.joinWorker(address, request);
        const { id = "", name = "" } = answer.apiKey ?? {};
        // Whoever made the token is told of with it; the agent is its key from now on.
        const joined = { keyId: id, role: Role.WORKER };
        await this.#record(joined, {
          action: "key.join",
          subject: `key/${id}`,
          summary: `Agent ${name} joined from ${address} with the key tss_${id}_….`,
          detail: { name, address, token: request.token.split("_")[1] ?? "" },
        });
        return answer;
      },
      renewWorkerKey: async (caller, request) => {
        const answer = await inner.renewWorkerKey(caller, request);
        const summary = `Agent ${this.#who(caller)} renewed its key.`;
        if (answer.renewed)
          await this.#record(caller, { action: "key.renew", subject: `key/${caller.keyId}`, summary });
        return answer;
      },
      revokeApiKey: async (caller, request) => {
        const answer = await inner.revokeApiKey(caller, request);
        const name = answer.apiKey?.name ?? "";
        await this.#record(caller, {
          action: "key.revoke",
          subject: `key/${request.id}`,
          summary: `${this.#who(caller)} revoked the key ${name} (tss_${request.id}_…).`,
          detail: { name },
        });
        return answer;
      },
    };
  }

  /** Writes what waits to be told together. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const { caller, action, ids } of this.#tasks.values())
      this.#parts.activity.note(this.#signed(caller, tellTasks(this.#who(caller), action, ids)));
    this.#tasks.clear();
  }

  #who(caller: Caller): string {
    return this.#parts.nameOf(caller.keyId) || `tss_${caller.keyId}`;
  }

  #signed({ keyId }: Caller, change: Change): Told {
    return { ...change, kind: ACTIVITY.action, keyId, keyName: this.#parts.nameOf(keyId) };
  }

  /** What was done stands, though its entry could not be written: it is tried again. */
  async #record(caller: Caller, change: Change): Promise<void> {
    const told = this.#signed(caller, change);
    try {
      await this.#parts.activity.record(told);
    } catch (error) {
      this.#parts.logger.warn({ error: (error as Error).message, action: change.action }, "an action was not written");
      this.#parts.activity.note(told);
    }
  }

  #noteTasks(caller: Caller, action: TaskAction, ids: readonly string[]): void {
    if (ids.length === 0 || caller.inJob) return;
    const key = `${caller.keyId}\n${action}`;
    const waiting = this.#tasks.get(key);
    if (waiting === undefined) this.#tasks.set(key, { caller, action, ids: [...ids] });
    else waiting.ids.push(...ids);
    this.#timer ??= setTimeout(() => this.close(), TOGETHER_MS).unref();
  }
}

type TaskAction = "task.cancel" | "task.retry";

function tellTasks(who: string, action: TaskAction, ids: readonly string[]): Change {
  const [only] = ids;
  const did = action === "task.cancel" ? "cancelled" : "retried";
  return {
    action,
    subject: ids.length === 1 ? `task/${only}` : "system",
    summary: ids.length === 1 ? `${who} ${did} task ${only}.` : `${who} ${did} ${manyText(ids.length, "task")}.`,
    detail: { count: String(ids.length), tasks: ids.slice(0, IDS_TOLD).join(" ") },
  };
}

function tellBulk(action: string, begin: string, { id, total, done, filter, ...bulk }: Bulk): Change {
  const does = bulk.action === BulkAction.CANCEL ? "cancel" : "run again";
  const queue = filter?.queue ? ` of queue ${filter.queue}` : "";
  const far = action === "bulk.stop" ? `, ${countText(done)} of them done` : "";
  const summary = `${begin} ${does} ${manyText(total, "task")}${queue}${far}.`;
  return { action, subject: "system", summary, detail: { count: String(total), job: id } };
}

function roleOf({ role }: CreateApiKeyRequest): string {
  return roleName(role ?? Role.UNSPECIFIED);
}
