import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ApiKeyService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { AttemptOutcome } from "../../proto/gen/tss/v1/task_pb.js";
import { TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import { WorkerService } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { API_KEY_RANDOM_BYTES, makeApiKey } from "../../runtime/api-key.ts";
import { type DevSystem, startDev } from "../support/dev-system.ts";
import { failure, TestClient } from "../support/grpc-client.ts";
import { framed, RawGrpc, rawStatus } from "../support/raw-grpc.ts";
import { until } from "../support/until.ts";
import { good, long, MISTAKES } from "./mistakes.ts";

/** One running system that gets every mistake by command line, REST and gRPC; at the end it has counted none of them. */
let system: DevSystem;
let grpc: TestClient;
let accepted = 0;
beforeAll(async () => {
  system = await startDev();
  grpc = new TestClient(system.coordinator, system.key);
  accepted = 1;
});
afterAll(async () => {
  grpc.close();
  expect(await system.stop()).toBe(0);
});

const post = async (path: string, body: string, headers: Record<string, string> = {}) => {
  const answer = await system.rest(path, { method: "POST", body, headers });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};
const stackless = (text: string) => expect(text).not.toMatch(/^ +at |node:internal|\.ts:\d/m);

describe("a task that cannot be", () => {
  test.each(MISTAKES.map((mistake) => [mistake.what, mistake] as const))("%s", async (_what, mistake) => {
    const body = typeof mistake.rest === "string" ? mistake.rest : JSON.stringify(mistake.rest);
    const byRest = await post("/task/submit", body);
    expect(byRest).toMatchObject({ status: 400, body: { code: "INVALID_ARGUMENT" } });
    expect(String(byRest.body["detail"])).toMatch(mistake.sentence);
    expect(JSON.stringify(byRest.body["violations"])).toContain(mistake.field);

    const { results } = await grpc.unary(TaskService.method.submitTasks, { tasks: [mistake.grpc] });
    expect(results[0]?.result).toMatchObject({
      case: "error",
      value: { code: 3, message: expect.stringMatching(mistake.sentence) },
    });

    if (mistake.cli === undefined) return;
    const byCli = await system.tss("task", "create", ...mistake.cli);
    expect({ code: byCli.code, stdout: byCli.stdout }).toEqual({ code: 2, stdout: "" });
    expect(byCli.stderr).toMatch(/^Error: \S/);
    expect(byCli.stderr).toMatch(mistake.sentence);
    stackless(byCli.stderr);
  });

  test("at the limits it is taken", async () => {
    const tasks = [
      { ...good, name: "n".repeat(LIMITS.nameCharacters), delay: 3_600 },
      { name: "a", type: "t", payload: long(LIMITS.payloadBytes - 2), delay: 3_600 },
    ];
    for (const task of tasks) expect((await post("/task/submit", JSON.stringify(task))).status).toBe(201);
    accepted += 2;
  });

  test.each([
    ["an unknown field", '{"name":"a","comand":"x"}', /comand.*did you mean command/],
    ["a lone surrogate", '{"name":"\\udc00","command":"x"}', /surrogate/],
    ["a number that is none", '{"name":"a","command":"x","priority":1e400}', /too large/],
    ["an array in place of a text", '{"name":["a"],"command":"x"}', /must be a text/],
  ])("%s of JSON", async (_what, body, sentence) => {
    const { status, body: found } = await post("/task/submit", body);
    expect({ status, code: found["code"] }).toEqual({ status: 400, code: "INVALID_ARGUMENT" });
    expect(String(found["detail"])).toMatch(sentence);
  });

  test("a wrong content type, and text that is no UTF-8", async () => {
    expect(await post("/task/submit", "name=a", { "content-type": "text/plain" })).toMatchObject({
      status: 415,
      body: { detail: expect.stringMatching(/application\/json/) },
    });
    const raw = new RawGrpc(system.coordinator, system.key);
    try {
      const call = raw.call("/tss.v1.TaskService/GetTask");
      // Field 1 of three bytes that would be a lone surrogate.
      call.end(framed(Uint8Array.of(0x0a, 3, 0xed, 0xa0, 0x80)));
      expect([3, 5]).toContain(await rawStatus(call));
      const text = raw.call("/tss.v1.TaskService/GetTask", { "content-type": "text/plain" });
      text.end("name=a");
      expect(await rawStatus(text)).not.toBe(0);
    } finally {
      raw.close();
    }
  });
});

describe("an id that names nothing", () => {
  const UNKNOWN = "0g0400000100010000005dd770";
  test.each(["nonsense", UNKNOWN, long(5_000), "%00"].map((id) => [id.slice(0, 30), id]))("%s", async (_shown, id) => {
    for (const [method, path] of [
      ["GET", "query"],
      ["GET", "wait"],
      ["GET", "logs"],
      ["GET", "explain"],
      ["GET", "watch"],
      ["POST", "cancel"],
      ["POST", "retry"],
    ] as const) {
      const answer = await system.rest(`/task/${path}/${id}`, { method, ...(method === "POST" ? { body: "{}" } : {}) });
      const body = (await answer.json()) as { detail: string };
      expect({ path, status: answer.status }).toEqual({ path, status: 404 });
      expect(body.detail).toMatch(/^There is no task /);
    }
    const wire = decodeURIComponent(id);
    const { getTask, waitTask, explainTask } = TaskService.method;
    for (const call of [
      grpc.unary(getTask, { id: wire }),
      grpc.unary(waitTask, { id: wire }),
      grpc.unary(explainTask, { id: wire }),
    ])
      expect(await failure(call)).toMatchObject({ code: 5 });
    const { results } = await grpc.unary(TaskService.method.cancelTasks, { ids: [wire] });
    expect(results[0]?.result).toMatchObject({ case: "error", value: { code: 5 } });
  });

  test("by command line", async () => {
    for (const words of ["task status", "task abort", "task retry", "task logs", "task wait", "task why"]) {
      const { code, stdout, stderr } = await system.tss(...words.split(" "), UNKNOWN);
      expect({ words, code, stdout }).toEqual({ words, code: 5, stdout: "" });
      expect(stderr).toContain(`There is no task "${UNKNOWN}"`);
      stackless(stderr);
    }
    const flag = await system.tss("queue", "pause", "mail", "--nte", "x");
    expect(flag).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(/--nte.*did you mean --note\?/) });
  });

  test("an option of a queue that is not known", async () => {
    expect(await post("/queue/pause/mail", '{"nte":"x"}')).toMatchObject({
      status: 400,
      body: { detail: expect.stringMatching(/nte.*did you mean note/) },
    });
    expect(await post("/queue/pause/No%20Queue", "{}")).toMatchObject({ status: 400 });
  });
});

describe("a key that does not open", () => {
  async function make(role: string, ttl: number): Promise<{ secret: string; id: string }> {
    const { body } = await post("/key/create", JSON.stringify({ name: "k", role, ttl }));
    const key = body["apiKey"] as { id: string };
    return { secret: String(body["secret"]), id: key.id };
  }
  async function refused(secret: string | undefined, rest: number, code: number, sentence: RegExp) {
    const answer = await fetch(`${system.gateway}/task/submit`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
      },
      body: JSON.stringify(good),
    });
    expect(answer.status).toBe(rest);
    expect(((await answer.json()) as { detail: string }).detail).toMatch(sentence);
    const stranger = new TestClient(system.coordinator, secret);
    const error = await failure(stranger.unary(TaskService.method.submitTasks, { tasks: [good] }));
    stranger.close();
    expect(error.code).toBe(code);
    expect(error.details).toMatch(sentence);
  }

  test("missing, malformed and unknown", async () => {
    await refused(undefined, 401, 16, /Send an API key: |carries no API key: send it/);
    await refused("tss_x", 401, 16, /malformed/);
    await refused(`${system.key.slice(0, -3)}xyz`, 401, 16, /typo/);
    await refused(makeApiKey(randomBytes(API_KEY_RANDOM_BYTES)).key, 401, 16, /not valid here/);
  });

  test("expired, revoked, of a role that may not", async () => {
    const viewer = await make("viewer", 600);
    await refused(viewer.secret, 403, 7, /viewer/);
    expect((await grpc.unary(ApiKeyService.method.revokeApiKey, { id: viewer.id })).apiKey?.id).toBe(viewer.id);
    await refused(viewer.secret, 401, 16, /revoked/);
    const brief = await make("submitter", 1);
    const tryIt = new TestClient(system.coordinator, brief.secret);
    await until("the key expires", () =>
      tryIt.unary(TaskService.method.getTask, { id: "x" }).then(
        () => false,
        (error: { code: number }) => error.code === 16,
      ),
    );
    tryIt.close();
    await refused(brief.secret, 401, 16, /expired/);
  });
});

describe("an attempt that goes wrong", () => {
  test("a command that is not found, and one that a signal kills", async () => {
    const missing = await system.tss("run", "--", "no-such-program-of-anybody");
    expect(missing.code).toBe(127);
    expect(missing.stderr).toMatch(/no-such-program-of-anybody/);
    const killed = await system.tss("run", "--", "sh", "-c", "kill -SEGV $$");
    expect(killed.code).toBe(139);
    expect(killed.stderr).toMatch(/SIGSEGV/);
    accepted += 2;
    for (const { stderr } of [missing, killed]) stackless(stderr);
  });

  test("two reports of one attempt count once, and one with an old token never", async () => {
    const { body } = await post(
      "/task/submit",
      '{"name":"by hand","type":"by-hand","retry":{"limit":1,"interval":0.01}}',
    );
    accepted += 1;
    const worker = { name: "by hand", types: ["by-hand"], slots: 1 };
    let sessionId = "";
    const lease = async () => {
      const answer = await grpc.unary(WorkerService.method.leaseTasks, {
        sessionId,
        worker,
        max: 1,
        wait: { seconds: 20n },
      });
      sessionId = answer.sessionId;
      return answer.leases[0] as NonNullable<(typeof answer.leases)[0]>;
    };
    const report = async (fencingToken: bigint, outcome: AttemptOutcome) => {
      const outcomes = [{ id: String(body["id"]), fencingToken, outcome }];
      return (await grpc.unary(WorkerService.method.reportTasks, { sessionId, outcomes })).outcomeAcks[0]?.accepted;
    };
    const first = await lease();
    expect(await report(first.fencingToken, AttemptOutcome.FAILED)).toBe(true);
    const second = await lease();
    expect(second.attempt).toBe(2);
    expect(await report(first.fencingToken, AttemptOutcome.SUCCEEDED)).toBe(false);
    expect(await report(second.fencingToken, AttemptOutcome.SUCCEEDED)).toBe(true);
    expect(await report(second.fencingToken, AttemptOutcome.FAILED)).toBe(true);
    expect(await report(first.fencingToken, AttemptOutcome.FAILED)).toBe(false);
    const task = await (await system.rest(`/task/query/${body["id"]}`)).json();
    expect(task).toMatchObject({ status: "succeeded", attempt: 2 });
  });
});

test("after all of it the system works, and has counted what was accepted and nothing else", async () => {
  const { code } = await system.tss("run", "--", "true");
  expect(code).toBe(0);
  accepted += 1;
  const { counts } = (await (await system.rest("/stats/overview")).json()) as { counts: Record<string, number> };
  expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(accepted);
  expect(counts).toMatchObject({ waiting: 2, running: 0, failed: 2, cancelled: 0 });
  stackless(system.output());
});
