import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Validator } from "@seriousme/openapi-schema-validator";
import { COMMENTS_FILE, readComments } from "../../gateway/openapi/write-comments.ts";
import { annotatedMethods } from "../../gateway/routes/annotations.ts";
import { camelPath } from "../../gateway/routes/transcoded-routes.ts";
import { type DevSystem, startDev } from "../support/dev-system.ts";

/** The gateway on a running system: what a caller sees, well-behaved or not. */
let system: DevSystem;
beforeAll(async () => {
  system = await startDev({ TSS_CORS_ORIGINS: "https://app.example" });
});
afterAll(async () => {
  expect(await system.stop()).toBe(0);
});

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  system.rest(path, { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body), headers });
const submit = async (body: object, headers = {}) => {
  const answer = await post("/task/submit", body, headers);
  return { status: answer.status, task: (await answer.json()) as Record<string, unknown> & { id: string } };
};
const problem = async (answer: Response) => {
  expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  return (await answer.json()) as Record<string, unknown>;
};

describe("tasks", () => {
  test("one is submitted, waited for, read, listed, followed and watched", async () => {
    const { status, task } = await submit({ name: "Test Task", command: "echo hello", labels: { a: "b" } });
    expect(status).toBe(201);
    const { id } = task;
    expect(task).toMatchObject({ name: "Test Task", queue: "default", labels: { a: "b" } });
    const ended = await (await system.rest(`/task/wait/${id}?timeout=20`)).json();
    expect(ended).toMatchObject({ ended: true, status: "succeeded", exitCode: 0, attempt: 1 });
    expect(await (await system.rest(`/task/logs/${id}?follow=1`)).text()).toBe("hello\n");
    expect(await (await system.rest(`/task/query/${id}`)).json()).toMatchObject({
      id,
      attempts: [{ outcome: "succeeded" }],
    });
    const listed = await (await system.rest("/task/list?label=a=b&status=succeeded&limit=1")).json();
    const { startedAt, endedAt } = ended as { startedAt: string; endedAt: string };
    expect(listed).toMatchObject({ tasks: [{ id, startedAt, endedAt }] });
    const watched = await (await system.rest(`/task/watch/${id}`)).text();
    expect(watched).toMatch(/event: task\nid: .+\ndata: .*"succeeded"/);
    expect(watched).toMatch(/event: close/);
    const events = await (
      await system.rest(`/task/logs/${id}`, { headers: { accept: "text/event-stream", "last-event-id": "1:2" } })
    ).text();
    expect(Buffer.from(/"data":"([^"]+)"/.exec(events)![1]!, "base64").toString()).toBe("llo\n");
    expect(await (await system.rest(`/task/explain/${id}`)).json()).toMatchObject({ status: "succeeded" });
  });

  test("they are searched by what is in them, how long they waited, and by what they are not", async () => {
    const payload = { user: { id: 42 } };
    const { task } = await submit({ name: "in a drawer", command: "exit 9", queue: "drawer", payload });
    await system.rest(`/task/wait/${task.id}?timeout=60`);
    const names = async (query: string) => {
      const { tasks } = (await (await system.rest(`/task/list?queue=drawer&${query}`)).json()) as {
        tasks: { name: string }[];
      };
      return tasks.map(({ name }) => name);
    };
    expect(await names("args=user.id%3D42&error=EXIT+CODE+9&waitedUnder=3600")).toEqual(["in a drawer"]);
    expect(await names("notArgs=user.id%3D42")).toEqual([]);
    expect(await names("notName=other&notName=another")).toEqual(["in a drawer"]);
    expect(await names("waitedOver=3600.5")).toEqual([]);
    expect(await names("notError=exit+code+9")).toEqual([]);
  });

  test("a running one is cancelled, and retried as a new one", async () => {
    const { task } = await submit({ name: "long", command: "sleep 60" });
    const cancelled = await post(`/task/cancel/${task.id}`, {});
    expect(cancelled.status).toBe(200);
    expect(await cancelled.json()).toMatchObject({ id: task.id, changed: true });
    expect(await (await system.rest(`/task/wait/${task.id}?timeout=20`)).json()).toMatchObject({
      status: "cancelled",
      reason: "aborted",
    });
    expect(await (await post(`/task/cancel/${task.id}`, {})).json()).toMatchObject({
      changed: false,
      status: "cancelled",
    });
    const retried = await post(`/task/retry/${task.id}`, {});
    expect(retried.status).toBe(201);
    const made = (await retried.json()) as { id: string };
    expect(made).toMatchObject({ retryOf: task.id });
    await post(`/task/cancel/${made.id}`, {});
  });

  test("an Idempotency-Key gives the same task, and refuses another body", async () => {
    const headers = { "idempotency-key": "order-7" };
    const first = await submit({ name: "x", command: "true" }, headers);
    const again = await submit({ name: "x", command: "true" }, headers);
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.task).toMatchObject({ id: first.task.id, duplicate: true });
    const other = await post("/task/submit", { name: "y", command: "true" }, headers);
    expect([other.status, (await problem(other))["code"]]).toEqual([409, "ALREADY_EXISTS"]);
  });

  test("a list of tasks is answered item by item", async () => {
    const answer = await post("/task/submit", { tasks: [{ name: "a", command: "true" }, { name: "" }] });
    expect(answer.status).toBe(200);
    const { results } = (await answer.json()) as { results: object[] };
    expect(results).toMatchObject([
      { id: expect.any(String) },
      { error: { code: "INVALID_ARGUMENT", violations: [{ field: "name" }, { field: "command" }] } },
    ]);
  });
});

describe("nonsense", () => {
  test.each([
    ['{"name":"a","name":"b"}', "name", /twice/],
    ['{"name":"a","comand":"x"}', "comand", /did you mean command/],
    ['{"name":5,"command":"x"}', "name", /must be a text/],
    ['{"name":"a\\u0000","command":"x"}', "name", /U\+0000/],
    ['{"name":"\\ud800","command":"x"}', "name", /surrogate/],
    ['{"name":"a","command":"x","priority":1e400}', "priority", /too large/],
    ['{"name":"a","command":"x","priority":9007199254740993}', "priority", /2\^53/],
    ['{"name":"a","command":"x","priority":-129}', "priority", /from -128 to 127/],
    ['{"name":"a","command":"x","retry":{"limit":-1}}', "retry.limit", /must not be negative/],
    ['{"name":"a","command":"x","__proto__":{"admin":true}}', "__proto__", /not a known field/],
    [`{"name":"${"n".repeat(201)}","command":"x"}`, "name", /at most 200/],
    ['{"name":"a","command":"x","queue":"No Queue"}', "queue", /a–z/],
    ['{"name":"a","command":"x","timeout":-1}', "timeout", /from 1/],
  ])("%s is refused with the field", async (body, field, detail) => {
    const answer = await post("/task/submit", body);
    expect(answer.status).toBe(400);
    const found = await problem(answer);
    expect(found).toMatchObject({ code: "INVALID_ARGUMENT", status: 400, requestId: expect.any(String) });
    expect(String(found["detail"])).toMatch(detail);
    expect(JSON.stringify(found["violations"])).toContain(field);
  });

  test.each([
    ["GET", "/task/query/nonsense", 404, "NOT_FOUND"],
    ["GET", "/nothing", 404, "NOT_FOUND"],
    ["GET", "/task/submit", 405, "METHOD_NOT_ALLOWED"],
    ["GET", "/task/list?cursor=zzz", 400, "INVALID_ARGUMENT"],
    ["GET", "/task/list?limit=501", 400, "INVALID_ARGUMENT"],
    ["GET", "/task/list?unknown=1", 400, "INVALID_ARGUMENT"],
    ["GET", "/task/list?args=nothing", 400, "INVALID_ARGUMENT"],
    ["GET", "/task/list?error=x&status=succeeded", 400, "INVALID_ARGUMENT"],
    ["GET", "/task/list?status=done", 400, "INVALID_ARGUMENT"],
    ["GET", `/task/list?name=${"x".repeat(9_000)}`, 414, "URI_TOO_LONG"],
  ])("%s %s is %i", async (method, path, status, code) => {
    const answer = await system.rest(path, { method });
    expect([answer.status, (await problem(answer))["code"]]).toEqual([status, code]);
  });

  test("wrong media type, too large a body, no JSON", async () => {
    const text = await post("/task/submit", "name=x", { "content-type": "text/plain" });
    expect(text.status).toBe(415);
    const large = await post("/task/submit", JSON.stringify({ name: "x", command: "y".repeat(1_100_000) }));
    expect(large.status).toBe(413);
    for (const body of ["{", "nonsense", "[1,", '{"a" 1}', "[]", "null"])
      expect((await post("/task/submit", body)).status).toBe(400);
  });

  test("without a key, and with a wrong one: 401 that says what to do", async () => {
    for (const authorization of ["", "Bearer nonsense", "Basic abc"]) {
      const answer = await fetch(`${system.gateway}/task/list`, {
        headers: authorization === "" ? {} : { authorization },
      });
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toMatch(/Bearer/);
    }
  });

  test("what is no HTTP at all is told so and closed", async () => {
    const { hostname, port } = new URL(system.gateway);
    const socket = connect(Number(port), hostname);
    let heard = "";
    socket.on("data", (chunk) => {
      heard += chunk;
    });
    socket.write("\u0016\u0003\u0001 nonsense\r\n\r\n");
    await new Promise((resolve) => socket.once("close", resolve));
    expect(heard).toMatch(/^HTTP\/1\.1 400/);
  });
});

describe("around it", () => {
  test("the request id is the caller's, or made", async () => {
    const given = await system.rest("/task/list", { headers: { "x-request-id": "mine-1" } });
    expect(given.headers.get("x-request-id")).toBe("mine-1");
    const made = await system.rest("/task/list", { headers: { "x-request-id": "bad id!" } });
    expect(made.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("other origins are told nothing unless they are listed", async () => {
    const stranger = await system.rest("/healthz", { headers: { origin: "https://evil.example" } });
    expect(stranger.headers.get("access-control-allow-origin")).toBeNull();
    const known = await system.rest("/healthz", { headers: { origin: "https://app.example" } });
    expect(known.headers.get("access-control-allow-origin")).toBe("https://app.example");
  });

  test("the OpenAPI document is valid, names every annotated call, and its comments are current", async () => {
    const document = (await (await fetch(`${system.gateway}/openapi.json`)).json()) as { paths: object };
    const result = await new Validator().validate(document);
    expect(result.errors ?? []).toEqual([]);
    for (const { path } of annotatedMethods()) expect(Object.keys(document.paths)).toContain(camelPath(path));
    expect(JSON.parse(readFileSync(COMMENTS_FILE, "utf8"))).toEqual(readComments());
  });

  test("pages stand alone: no script, nothing from elsewhere", async () => {
    for (const path of ["/docs"]) {
      const answer = await fetch(`${system.gateway}${path}`);
      expect(answer.headers.get("content-security-policy")).toMatch(/default-src 'none'/);
      expect(await answer.text()).not.toMatch(/<script|(src|href)="https?:/);
    }
  });

  test("Connect answers with the same task and the same errors", async () => {
    const { task } = await submit({ name: "by connect", command: "true" });
    const call = (id: string) => post("/tss.v1.TaskService/GetTask", { id });
    expect(await (await call(task.id)).json()).toMatchObject({ task: { id: task.id, name: "by connect" } });
    const missing = await call("nope");
    expect([missing.status, await missing.json()]).toMatchObject([404, { code: "not_found" }]);
  });

  test("JoinWorker, which needs no key, is the coordinator's alone", async () => {
    const answer = await post("/tss.v1.ApiKeyService/JoinWorker", { token: "nonsense" });
    expect([answer.status, await answer.json()]).toMatchObject([404, { code: "unimplemented" }]);
    expect((await post("/tss.v1.ApiKeyService/ListApiKeys", {})).status).toBe(200);
  });

  test("queues, workers, keys and numbers are there", async () => {
    expect((await post("/queue/pause/mail", { note: "for now" })).status).toBe(200);
    expect(await (await system.rest("/queue/list")).json()).toMatchObject({
      queues: expect.arrayContaining([expect.objectContaining({ name: "mail", paused: true })]),
    });
    expect((await post("/queue/resume/mail", {})).status).toBe(200);
    expect(await (await system.rest("/worker/list")).json()).toMatchObject({ workers: [{ state: "active" }] });
    expect(await (await system.rest("/stats/overview")).json()).toMatchObject({ workers: 1 });
    const made = (await (await post("/key/create", { name: "viewer", role: "viewer", ttl: 60 })).json()) as {
      secret: string;
    };
    const asViewer = { authorization: `Bearer ${made.secret}`, "content-type": "application/json" };
    expect((await fetch(`${system.gateway}/task/list`, { headers: asViewer })).status).toBe(200);
    const denied = await fetch(`${system.gateway}/task/submit`, {
      method: "POST",
      headers: asViewer,
      body: '{"name":"x","command":"y"}',
    });
    expect(denied.status).toBe(403);
    expect(await (await fetch(`${system.gateway}/metrics`)).text()).toMatch(/tss_tasks_submitted_total/);
    expect(await (await fetch(`${system.gateway}/readyz`)).json()).toEqual({ status: "ready" });
  });
});
