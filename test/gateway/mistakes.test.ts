import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type DevSystem, startDev } from "../support/dev-system.ts";

/** Callers that err in ways a program must not overlook. */
let system: DevSystem;
beforeAll(async () => {
  system = await startDev();
});
afterAll(async () => {
  expect(await system.stop()).toBe(0);
});

type Problem = { status: number; code: string; detail: string; violations?: { field: string }[]; results?: never };
const ask = async (path: string, init: RequestInit = {}) => {
  const answer = await system.rest(path, init);
  return (await answer.json()) as Problem;
};
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  ask(path, { method: "POST", body: JSON.stringify(body), headers });

/** What the gateway answers to bytes that no client library would send. */
async function say(text: string): Promise<string> {
  const { hostname, port } = new URL(system.gateway);
  const socket = connect(Number(port), hostname);
  let heard = "";
  socket.on("data", (chunk) => {
    heard += chunk;
  });
  socket.write(text);
  await new Promise((resolve) => socket.once("close", resolve));
  return heard;
}

test.each(["//", "//evil.example/x", "/\\\\", "http://[", "*", "http://evil.example/nothing"])(
  "the address %s is the caller's mistake and no fault of TSS",
  async (address) => {
    const answer = await say(`GET ${address} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 (400|404) /);
    expect(answer).toContain("application/problem+json");
    expect(system.output()).not.toContain("a fault of TSS");
  },
);

test("a body that is too large is answered while it is still being sent, and the connection goes on", async () => {
  const body = "x".repeat(8 * 1024 * 1024);
  const head = `POST /task/submit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${system.key}\r\n`;
  const next = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  for (const [framing, sent] of [
    [`Content-Length: ${body.length}`, body],
    ["Transfer-Encoding: chunked", `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`],
  ]) {
    const answer = await say(`${head}${framing}\r\n\r\n${sent}${next}`);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toMatch(/HTTP\/1\.1 200 OK[\s\S]*"status":"ok"/);
  }
});

test("a body in another encoding is refused by name", async () => {
  const answer = await post("/task/submit", { name: "x", command: "true" }, { "content-encoding": "gzip" });
  expect(answer).toMatchObject({ status: 415, detail: expect.stringContaining("Content-Encoding gzip") });
});

test.each([
  ["GET", "/task/query/x?verbose=1", "verbose is not a parameter of /task/query/{id}; it takes none."],
  ["GET", "/task/wait/x?timout=5", "timout is not a parameter of /task/wait/{id}; did you mean timeout?"],
  [
    "GET",
    "/task/logs/x?tail=5",
    "tail is not a parameter of /task/logs/{id}; it takes follow, attempt, offset, stream.",
  ],
  ["GET", "/task/logs/x?follow=maybe", "follow must be 1 or 0."],
  ["GET", "/task/logs/x?stream=err", "stream must be stdout, stderr or both."],
  ["POST", "/task/submit?name=x", "name is not a parameter of /task/submit; it takes none."],
])("%s %s is refused", async (method, path, detail) => {
  const body = method === "POST" ? { body: "{}" } : {};
  expect(await ask(path, { method, ...body })).toMatchObject({ status: 400, code: "INVALID_ARGUMENT", detail });
});

test("one of the two streams of output can be asked for", async () => {
  const { id } = (await post("/task/submit", { name: "x", command: "echo out; echo err >&2" })) as unknown as {
    id: string;
  };
  await ask(`/task/wait/${id}`);
  expect(await (await system.rest(`/task/logs/${id}?stream=stderr`)).text()).toBe("err\n");
  expect(await (await system.rest(`/task/logs/${id}?stream=stdout&follow=1`)).text()).toBe("out\n");
});

test("an attempt that there is not has no output", async () => {
  const { id } = (await post("/task/submit", { name: "x", command: "true" })) as unknown as { id: string };
  await ask(`/task/wait/${id}`);
  for (const query of ["attempt=2", "attempt=2&follow=1"])
    expect(await ask(`/task/logs/${id}?${query}`)).toMatchObject({
      status: 404,
      detail: `Task ${id} has no attempt 2: there is only the first.`,
    });
  const later = (await post("/task/submit", { name: "x", command: "true", delay: 600 })) as unknown as { id: string };
  expect((await ask(`/task/logs/${later.id}?attempt=1`)).detail).toMatch(/it has not begun/);
});

test("fields in errors have the names of REST", async () => {
  const answer = await post("/task/submit", {
    name: "x",
    type: "t",
    payload: "y".repeat(262_143),
    idempotencyKey: "é",
    labels: { a_b: "\u0001" },
  });
  const fields = ["payload", "labels[a_b]", "idempotencyKey"];
  expect(answer.violations?.map(({ field }) => field)).toEqual(expect.arrayContaining(fields));
  for (const field of fields) expect(answer.detail).toContain(`${field} must`);
  const list = await ask("/task/submit", {
    method: "POST",
    body: JSON.stringify({ tasks: [{ name: "x", command: "y", cancelGrace: -1 }] }),
  });
  expect(list).toMatchObject({
    results: [
      { error: { detail: expect.stringContaining("cancelGrace must"), violations: [{ field: "cancelGrace" }] } },
    ],
  });
});

describe("Idempotency-Key", () => {
  const submit = (tasks: object[], key: string) =>
    post("/task/submit", { tasks }, { "idempotency-key": key }) as unknown as Promise<{
      results: { id?: string; duplicate?: boolean; error?: { code: string } }[];
    }>;

  test("of a list stands for each of its tasks", async () => {
    const tasks = [
      { name: "a", command: "true" },
      { name: "b", command: "true" },
    ];
    const first = await submit(tasks, "list-1");
    const again = await submit(tasks, "list-1");
    expect(again.results).toEqual(first.results.map(({ id }) => ({ id, duplicate: true })));
    const other = await submit([tasks[0]!, { name: "c", command: "true" }], "list-1");
    expect(other.results).toMatchObject([{ duplicate: true }, { error: { code: "ALREADY_EXISTS" } }]);
  });

  test("that is empty is refused", async () => {
    const answer = await post("/task/submit", { name: "x", command: "true" }, { "idempotency-key": "" });
    expect(answer).toMatchObject({ status: 400, detail: expect.stringContaining("Idempotency-Key is empty") });
  });
});

describe("Connect", () => {
  test("a field there is not is refused", async () => {
    const answer = await post("/tss.v1.TaskService/SubmitTasks", { tasks: [{ name: "x", comand: "true" }] });
    expect(answer).toMatchObject({ code: "invalid_argument", message: expect.stringContaining("comand") });
  });

  test("a method there is not is told", async () => {
    const answer = await post("/tss.v1.TaskService/ForgetTasks", {});
    expect(answer).toMatchObject({
      code: "unimplemented",
      message: expect.stringContaining("TaskService/ForgetTasks"),
    });
  });
});
