import type { DescMethod } from "@bufbuild/protobuf";
import { type ServiceError, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { methodName } from "../../coordinator/api/grpc-definition.ts";
import { SERVICES } from "../../coordinator/api/services.ts";
import { listedMethods, mayCall } from "../../coordinator/kernel/permissions.ts";
import { TssError } from "../../proto/errors.ts";
import { Role, RoleSchema } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { makeApiKey } from "../../runtime/api-key.ts";
import { type EdgeUnderTest, startEdge } from "../support/edge-server.ts";
import { fakeOperations } from "../support/fake-operations.ts";
import { failure, streamFailure, TestClient } from "../support/grpc-client.ts";
import { testKey } from "../support/memory-keys.ts";

/** Who may do what, written down a second time. A: admin, O: operator, S: submitter, V: viewer, W: worker, *: everyone; a join token may do nothing. */
const EXPECTED: Readonly<Record<string, string>> = {
  "tss.v1.TaskService/SubmitTasks": "AOS",
  "tss.v1.TaskService/SubmitStream": "AOS",
  "tss.v1.TaskService/GetTask": "AOSV",
  "tss.v1.TaskService/ListTasks": "AOSV",
  "tss.v1.TaskService/CancelTasks": "AOS",
  "tss.v1.TaskService/RetryTasks": "AOS",
  "tss.v1.TaskService/WaitTask": "AOSV",
  "tss.v1.TaskService/WatchTasks": "AOSV",
  "tss.v1.TaskService/TailLogs": "AOSV",
  "tss.v1.TaskService/ExplainTask": "AOSV",
  "tss.v1.BulkService/PrepareBulk": "AOS",
  "tss.v1.BulkService/RunBulk": "AOS",
  "tss.v1.BulkService/StopBulk": "AOS",
  "tss.v1.BulkService/GetBulk": "AOSV",
  "tss.v1.BulkService/ListBulks": "AOSV",
  "tss.v1.WorkerService/Work": "AW",
  "tss.v1.WorkerService/LeaseTasks": "AW",
  "tss.v1.WorkerService/ReportTasks": "AW",
  "tss.v1.WorkerService/GetSecrets": "AW",
  "tss.v1.QueueService/ListQueues": "AOSV",
  "tss.v1.QueueService/GetQueue": "AOSV",
  "tss.v1.QueueService/ExplainQueue": "AOSV",
  "tss.v1.QueueService/PauseQueue": "AO",
  "tss.v1.QueueService/ResumeQueue": "AO",
  "tss.v1.QueueService/LimitQueue": "AO",
  "tss.v1.WorkerRegistryService/ListWorkers": "AOSV",
  "tss.v1.WorkerRegistryService/GetWorker": "AOSV",
  "tss.v1.WorkerRegistryService/DrainWorker": "AO",
  "tss.v1.ApiKeyService/CreateApiKey": "A",
  "tss.v1.ApiKeyService/CreateJoinToken": "A",
  "tss.v1.ApiKeyService/JoinWorker": "*",
  "tss.v1.ApiKeyService/RenewWorkerKey": "AW",
  "tss.v1.ApiKeyService/ListApiKeys": "A",
  "tss.v1.ApiKeyService/RevokeApiKey": "A",
  "tss.v1.SecretService/SetSecret": "A",
  "tss.v1.SecretService/ListSecrets": "AOS",
  "tss.v1.SecretService/DeleteSecret": "A",
  "tss.v1.SecretService/RotateSecrets": "A",
  "tss.v1.StatsService/GetOverview": "AOSV",
  "tss.v1.StatsService/WatchStats": "AOSV",
  "tss.v1.StatsService/GetSeries": "AOSV",
  "tss.v1.StatsService/ListFailureGroups": "AOSV",
  "tss.v1.StatsService/ListProblems": "AOSV",
  "tss.v1.StatsService/ListActivity": "AOSV",
  "tss.v1.StatsService/GetServerInfo": "AOSV",
  "tss.v1.LockService/AcquireLock": "AOSW",
  "tss.v1.LockService/RenewLock": "AOSW",
  "tss.v1.LockService/ReleaseLock": "AOSW",
  "tss.v1.LockService/LockStream": "AOSW",
  "tss.v1.LockService/ForceReleaseLock": "AO",
  "tss.v1.LockService/GetLock": "AOSV",
  "tss.v1.LockService/ListLocks": "AOSV",
  // The coordinators themselves, and no key.
  "tss.v1.PeerService/WatchSamples": "",
  "tss.v1.PeerService/GetOpenBuckets": "",
  "grpc.health.v1.Health/Check": "*",
  "grpc.health.v1.Health/List": "*",
  "grpc.health.v1.Health/Watch": "*",
  "grpc.reflection.v1.ServerReflection/ServerReflectionInfo": "AOSVW",
  "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": "AOSVW",
};
const METHODS = SERVICES.flatMap(({ methods }) => methods);
const ROLES = RoleSchema.values.map(({ number }) => number as Role).filter((role) => role !== Role.UNSPECIFIED);
const letter = (role: Role) => Role[role]?.charAt(0) ?? "?";

/** What operations answer with when a call reaches them. */
const reached = () => {
  throw new TssError("OUT_OF_RANGE", "The call came through.");
};
const through = new Proxy({}, { get: () => reached, has: () => true });

let edge: EdgeUnderTest;
const bad = new Map<string, string | undefined>();
beforeAll(async () => {
  edge = await startEdge({
    operations: {
      ...fakeOperations(),
      tasks: through,
      workers: through,
      operator: through,
      stats: through,
      bulk: through,
      locks: through,
      peers: through,
      secrets: through,
    } as never,
    apiKeys: through as never,
  });
  const expired = testKey(Role.ADMIN, { expiresAt: 1 });
  const revoked = testKey(Role.ADMIN, { revokedAt: 1 });
  const rolesOfNobody = testKey(99 as Role);
  const known = testKey();
  for (const { row } of [expired, revoked, known, rolesOfNobody]) await edge.catalog.insertApiKey(row);
  await edge.ring.reload();
  const otherSecret = makeApiKey(new Uint8Array(41).map((_, n) => (n < 9 ? idBytes(known.row.id)[n]! : 1)));
  expect(otherSecret.id).toBe(known.row.id);
  bad.set("no key", undefined);
  bad.set("malformed", "tss_nonsense");
  bad.set("wrong checksum", known.key.slice(0, -1) + (known.key.endsWith("a") ? "b" : "a"));
  bad.set("unknown id", testKey().key);
  bad.set("wrong secret", otherSecret.key);
  bad.set("expired", expired.key);
  bad.set("revoked", revoked.key);
  bad.set("a role of nobody", rolesOfNobody.key);
});
afterAll(() => edge.close());

/** The bytes of chance that give this id. */
function idBytes(id: string): Uint8Array {
  const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  let value = 0n;
  for (const digit of id) value = value * 62n + BigInt(digits.indexOf(digit));
  return Buffer.from(value.toString(16).padStart(18, "0"), "hex");
}

async function ask(method: DescMethod, key: string | undefined): Promise<ServiceError | undefined> {
  const client = new TestClient(edge.server.address, key);
  try {
    if (method.methodKind === "unary") return await failure(client.unary(method as never, {})).catch(() => undefined);
    if (method.methodKind === "server_streaming") {
      const call = client.serverStream(method as never, {}, { deadline: Date.now() + 10_000 });
      call.on("data", () => call.cancel());
      return await streamFailure(call);
    }
    const call = client.bidi(method as never);
    const over = streamFailure(call);
    call.write({ hello: {}, request: {} } as never);
    call.end();
    return await over;
  } finally {
    client.close();
  }
}

test("every method has one line in the table, in code and here", () => {
  const served = METHODS.map(methodName).sort();
  expect([...listedMethods()].sort()).toEqual(served);
  expect(Object.keys(EXPECTED).sort()).toEqual(served);
});

test.each(ROLES.map((role) => [Role[role], role] as const))(
  "%s may call what it is allowed, and nothing else",
  async (_, role) => {
    for (const method of METHODS) {
      const name = methodName(method);
      const expected = EXPECTED[name] === "*" || EXPECTED[name]?.includes(letter(role));
      expect([name, mayCall(role, name)]).toEqual([name, expected]);
      const error = await ask(method, edge.keys.get(role));
      const refused = error?.code === status.PERMISSION_DENIED || error?.code === status.UNAUTHENTICATED;
      expect([name, refused]).toEqual([name, !expected]);
      if (refused) expect(error?.details).toMatch(/use a key of role|Only the coordinators of this system/);
    }
  },
);

test("without a key that holds, nothing but health and joining answers", async () => {
  const sentences = new Map<string, string | undefined>();
  for (const [what, key] of bad) {
    for (const method of METHODS) {
      const name = methodName(method);
      const error = await ask(method, key);
      const refused = error?.code === status.UNAUTHENTICATED || error?.code === status.PERMISSION_DENIED;
      const open = EXPECTED[name] === "*" || (what === "a role of nobody" && EXPECTED[name] === "AOSVW");
      expect([what, name, refused]).toEqual([what, name, !open]);
      if (what !== "a role of nobody" && !open) {
        expect(error?.code).toBe(status.UNAUTHENTICATED);
        sentences.set(what, error?.details);
      }
    }
  }
  expect(sentences.get("unknown id")).toBe(sentences.get("wrong secret"));
  expect(new Set(sentences.values()).size).toBe(6);
});

test("a key is taken from x-api-key too, and Bearer in any case", async () => {
  const client = new TestClient(edge.server.address);
  const { getTask } = SERVICES[0]!.method as Record<string, never>;
  const sent: Record<string, string>[] = [
    { "x-api-key": edge.key },
    { authorization: `bearer  ${edge.key}` },
    { authorization: edge.key },
  ];
  for (const headers of sent)
    expect((await failure(client.unary(getTask as never, {}, { headers }))).code).toBe(status.OUT_OF_RANGE);
  client.close();
});
