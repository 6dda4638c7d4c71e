import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { methodName } from "../../coordinator/api/grpc-definition.ts";
import { SERVICES } from "../../coordinator/api/services.ts";
import { createApiKeyOperations } from "../../coordinator/operations/api-keys.ts";
import { Audit } from "../../coordinator/operations/audit.ts";
import { KeyRing } from "../../coordinator/operations/key-ring.ts";
import type { Operations } from "../../coordinator/operations/operations.ts";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import type { Told } from "../../coordinator/stats/activity-log.ts";
import { BulkAction, BulkPhase } from "../../proto/gen/tss/v1/bulk_service_pb.js";
import { AcquireLockRequestSchema } from "../../proto/gen/tss/v1/lock_service_pb.js";
import {
  CreateJoinTokenRequestSchema,
  JoinWorkerRequestSchema,
  RenewWorkerKeyRequestSchema,
  Role,
} from "../../proto/gen/tss/v1/operator_service_pb.js";
import { ActivityKind, ListActivityRequestSchema } from "../../proto/gen/tss/v1/stats_pb.js";
import { ListTasksRequestSchema } from "../../proto/gen/tss/v1/task_service_pb.js";
import { systemClock } from "../../runtime/clock.ts";
import { silentLogger } from "../../runtime/logger.ts";
import { CALLER, type EngineHouse, startEngine, submit, TestWorker } from "../support/engine-house.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { until } from "../support/until.ts";

/** What each method that changes something writes down; submits and what workers say are told by the tasks themselves. */
const WRITTEN: Readonly<Record<string, string>> = {
  "tss.v1.TaskService/CancelTasks": "task.cancel",
  "tss.v1.TaskService/RetryTasks": "task.retry",
  "tss.v1.BulkService/RunBulk": "bulk.run",
  "tss.v1.BulkService/StopBulk": "bulk.stop",
  "tss.v1.QueueService/PauseQueue": "queue.pause",
  "tss.v1.QueueService/ResumeQueue": "queue.resume",
  "tss.v1.QueueService/LimitQueue": "queue.limit",
  "tss.v1.WorkerRegistryService/DrainWorker": "worker.drain",
  "tss.v1.ApiKeyService/CreateApiKey": "key.create",
  "tss.v1.ApiKeyService/CreateJoinToken": "key.join-token",
  "tss.v1.ApiKeyService/JoinWorker": "key.join",
  "tss.v1.ApiKeyService/RenewWorkerKey": "key.renew",
  "tss.v1.ApiKeyService/RevokeApiKey": "key.revoke",
  "tss.v1.LockService/ForceReleaseLock": "lock.force-release",
};
/** Of locks only what is taken from another's hands is told: programs take and give back theirs by the thousand. */
const UNTOLD =
  /\/(Get|List|Watch|Wait|Tail|Explain|Prepare|Submit|Work$|LeaseTasks$|ReportTasks$|AcquireLock$|RenewLock$|ReleaseLock$|LockStream$)/;

test("every method that changes something has an entry", () => {
  const changing = SERVICES.filter(({ typeName }) => typeName.startsWith("tss."))
    .flatMap(({ methods }) => methods.map(methodName))
    .filter((method) => !UNTOLD.test(method));
  expect(changing.sort()).toEqual(Object.keys(WRITTEN).sort());
});

describe("the audit", () => {
  let house: EngineHouse;
  let audit: Audit;
  let operations: Operations;
  beforeEach(async () => {
    house = await startEngine(await sqliteStore.open(await freshSqlite(), { readConnections: 1, failpoint: () => {} }));
    audit = new Audit({ activity: house.stats.activity, logger: silentLogger, nameOf: () => "Ann" });
    operations = audit.operations(house.operations);
  });
  afterEach(async () => {
    audit.close();
    await house.close();
  });

  const written = async () => {
    audit.close();
    await house.stats.activity.close();
    const request = create(ListActivityRequestSchema, { kind: [ActivityKind.ACTION] });
    return (await house.operations.stats.listActivity(CALLER, request)).entries.reverse();
  };

  test("tells who did what to what, by every method", async () => {
    const worker = new TestWorker(house, { credit: 1 });
    const [id] = await submit(house, [{ type: "work" }]);
    await worker.until((w) => w.leases.length === 1);
    worker.report(worker.leases[0]!);
    await worker.until((w) => w.acks.length === 1);
    const [waiting] = await submit(house, [{ type: "work" }]);
    await operations.operator.pauseQueue(CALLER, { name: "mail", note: "disk is full" } as never);
    await operations.operator.resumeQueue(CALLER, { name: "mail" } as never);
    await operations.operator.limitQueue(CALLER, { name: "mail", limit: 7 } as never);
    await operations.locks.acquireLock(
      CALLER,
      create(AcquireLockRequestSchema, { name: "deploy", holder: "Bob" }),
      AbortSignal.timeout(60_000),
    );
    await operations.locks.forceReleaseLock(CALLER, { name: "deploy", token: 0n } as never);
    await operations.operator.drainWorker(CALLER, { sessionId: worker.sessionId } as never);
    await operations.tasks.retryTasks(CALLER, { ids: [id, "nonsense"], requestId: "" } as never);
    await operations.tasks.cancelTasks(CALLER, { ids: [waiting, id] } as never);
    const prepared = { action: BulkAction.CANCEL, filter: create(ListTasksRequestSchema, { queue: "mail" }), ids: [] };
    const { bulk } = await operations.bulk.prepareBulk(CALLER, prepared as never);
    const job = { id: bulk!.id, perSecond: 0, delay: { seconds: 60n, nanos: 0 } } as never;
    await until("counted", async () => (await operations.bulk.getBulk(CALLER, job)).bulk?.phase === BulkPhase.READY);
    await operations.bulk.runBulk(CALLER, job);
    await operations.bulk.stopBulk(CALLER, job);
    await operations.bulk.stopBulk(CALLER, job);
    const { catalog } = house.engine.state.store;
    const ring = new KeyRing({ catalog, clock: systemClock, logger: silentLogger });
    const keys = audit.apiKeys(createApiKeyOperations({ catalog, ring, clock: systemClock, logger: silentLogger }));
    const { apiKey } = await keys.createApiKey(CALLER, { name: "ci", role: Role.SUBMITTER } as never);
    await keys.revokeApiKey(CALLER, { id: apiKey!.id } as never);
    const { token } = await keys.createJoinToken(CALLER, create(CreateJoinTokenRequestSchema, {}));
    const join = { token, keyId: "A".repeat(12), secretHash: new Uint8Array(32).fill(1), name: "build-7" };
    await keys.joinWorker("10.0.0.7", create(JoinWorkerRequestSchema, join));
    const joined = { keyId: join.keyId, role: Role.WORKER };
    const renewal = create(RenewWorkerKeyRequestSchema, { secretHash: new Uint8Array(32).fill(2) });
    await keys.renewWorkerKey(joined, renewal);
    await keys.renewWorkerKey({ ...joined, bySecretToBe: true }, renewal);
    const entries = await written();
    expect(entries.map(({ action }) => action).sort()).toEqual(Object.values(WRITTEN).sort());
    for (const { action, keyId, keyName } of entries) {
      const who = action === "key.join" || action === "key.renew" ? joined.keyId : CALLER.keyId;
      expect([keyId, keyName]).toEqual([who, "Ann"]);
    }
    const told = Object.fromEntries(
      entries.map(({ action, subject, summary, detail }) => [action, { subject, summary, detail }]),
    );
    expect(told).toMatchObject({
      "queue.pause": {
        subject: "queue/mail",
        summary: "Ann paused queue mail: disk is full.",
        detail: { note: "disk is full" },
      },
      "queue.resume": { subject: "queue/mail", summary: "Ann resumed queue mail." },
      "queue.limit": { summary: "Ann limited queue mail to 7 at a time.", detail: { limit: "7" } },
      "lock.force-release": { subject: "lock/deploy", summary: "Ann took lock deploy from Bob." },
      "worker.drain": { subject: `worker/${worker.sessionId}`, summary: "Ann told worker test-worker to drain." },
      "task.retry": { subject: `task/${id}`, summary: `Ann retried task ${id}.` },
      "task.cancel": { subject: `task/${waiting}`, detail: { count: "1" } },
      "bulk.run": { summary: "Ann set out to cancel 0 tasks of queue mail.", detail: { job: bulk!.id } },
      "bulk.stop": { summary: "Ann stopped what was to cancel 0 tasks of queue mail, 0 of them done." },
      "key.create": { subject: `key/${apiKey!.id}`, detail: { name: "ci", role: "submitter" } },
      "key.join": {
        subject: `key/${join.keyId}`,
        summary: `Agent build-7 joined from 10.0.0.7 with the key tss_${join.keyId}_….`,
        detail: { token: token.split("_")[1] },
      },
      "key.revoke": { subject: `key/${apiKey!.id}`, summary: `Ann revoked the key ci (tss_${apiKey!.id}_…).` },
    });
    expect(JSON.stringify(entries, (_, value) => (typeof value === "bigint" ? Number(value) : value))).not.toMatch(
      /tss_\w{12}_\w{5}/,
    );
    expect(house.stats.activity.marks().map(({ action }) => action)).toEqual(
      expect.arrayContaining(["queue.pause", "queue.resume"]),
    );
  });

  test("tells what a job on many tasks has come to, in the name of who ran it", async () => {
    const record = { id: "b_1", changed: 1_200, keyId: CALLER.keyId, problem: "The key was revoked." };
    const ids = await submit(house, [{ type: "nobody" }]);
    await operations.tasks.cancelTasks({ ...CALLER, inJob: true }, { ids } as never);
    audit.bulkEnded({ ...record, action: BulkAction.RETRY, phase: BulkPhase.DONE } as never);
    audit.bulkEnded({ ...record, action: BulkAction.CANCEL, phase: BulkPhase.FAILED } as never);
    expect((await written()).map(({ action, summary, keyName }) => [action, summary, keyName])).toEqual([
      ["bulk.end", "Ann ran again 1,200 tasks.", "Ann"],
      ["bulk.end", "Ann cancelled 1,200 tasks, then it could not go on: The key was revoked.", "Ann"],
    ]);
  });

  test("a change is written when it is answered; one that is refused is not", async () => {
    await operations.operator.pauseQueue(CALLER, { name: "mail", note: "" } as never);
    const request = create(ListActivityRequestSchema, { subject: "queue/mail" });
    const { entries } = await house.operations.stats.listActivity(CALLER, request);
    expect(entries.map(({ action }) => action)).toEqual(["queue.pause"]);
    await expect(operations.operator.pauseQueue(CALLER, { name: "No", note: "" } as never)).rejects.toThrow();
    await expect(operations.operator.drainWorker(CALLER, { sessionId: "w_x" } as never)).rejects.toThrow();
    expect((await written()).map(({ action }) => action)).toEqual(["queue.pause"]);
  });

  test("many tasks are one entry", async () => {
    const ids = await submit(
      house,
      Array.from({ length: 300 }, () => ({ type: "nobody" })),
    );
    await Promise.all(ids.map((id) => operations.tasks.cancelTasks(CALLER, { ids: [id] } as never)));
    const entries = await written();
    const counted = entries.reduce((sum, { detail }) => sum + Number(detail["count"]), 0);
    expect(counted).toBe(300);
    expect(entries.length).toBeLessThan(20);
  });

  test("a change stands though its entry cannot be written now, and the entry follows", async () => {
    const noted: Told[] = [];
    const failing = new Audit({
      activity: { record: () => Promise.reject(new Error("away")), note: (told) => void noted.push(told) },
      logger: silentLogger,
      nameOf: () => "",
    });
    const answer = await failing
      .operations(house.operations)
      .operator.pauseQueue(CALLER, { name: "a", note: "" } as never);
    expect(answer.queue?.paused).toBe(true);
    expect(noted).toMatchObject([{ action: "queue.pause", summary: `tss_${CALLER.keyId} paused queue a.` }]);
  });
});
