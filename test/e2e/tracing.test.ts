import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { formatTraceparent, parseTraceparent, traceOfTask } from "../../runtime/traceparent.ts";
import { startCoordinatorProcess } from "../support/crash-system.ts";
import { type DevSystem, startDev } from "../support/dev-system.ts";
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from "../support/otlp-receiver.ts";
import { ROOT, runTss, type Started, startProgram, temporaryFolder } from "../support/run-tss.ts";
import { freshSqlite } from "../support/sqlite-database.ts";

const CALLER = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7", sampled: true };
/** Says where in the trace it is, and fails the first time. */
const TWICE = 'printf "%s\\n" "$TRACEPARENT" >> "$MARKS"; [ "$TSS_ATTEMPT" = 2 ]';
const ERROR = 2;

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface System {
  readonly receiver: OtlpReceiver;
  readonly key: string;
  readonly coordinator: string;
  /** Of the gateway. */
  readonly url: string;
  /** By REST; resolves when it has succeeded. */
  submit(spec: object, headers?: Record<string, string>): Promise<string>;
}

/** Coordinator, gateway and agent as programs of their own, and a collector. All of them trace unless told otherwise. */
async function startSystem({ agentTraces = true, gatewayTraces = true } = {}): Promise<System> {
  const receiver = await startOtlpReceiver();
  closers.push(() => receiver.close());
  const traces = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: "20" };
  const coordinator = await startCoordinatorProcess({
    ...traces,
    TSS_DATABASE_URL: await freshSqlite(),
    TSS_COORDINATOR_LISTEN: "127.0.0.1:0",
  });
  closers.push(() => coordinator.stop("SIGTERM"));
  const { key = "", address } = coordinator;
  const settings = { TSS_COORDINATOR: address, TSS_API_KEY: key };
  const agentSettings = { ...settings, TSS_WORKER_DIR: temporaryFolder(), TRACEPARENT: "of-the-agent-itself" };
  start("tss-agent", agentTraces ? { ...agentSettings, ...traces } : agentSettings);
  const gatewaySettings = { ...settings, TSS_GATEWAY_LISTEN: "127.0.0.1:0" };
  const gateway = start("tss-gateway", gatewayTraces ? { ...gatewaySettings, ...traces } : gatewaySettings);
  await gateway.says("listens on");
  const url = /listens on (\S+)/.exec(gateway.stdout())?.[1] ?? "";
  return {
    receiver,
    key,
    coordinator: address,
    url,
    async submit(spec, headers = {}) {
      const answer = await fetch(`${url}/task/submit`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
        body: JSON.stringify(spec),
      });
      const { id } = (await answer.json()) as { id: string };
      const ended = await fetch(`${url}/task/wait/${id}`, { headers: { authorization: `Bearer ${key}` } });
      expect(await ended.json()).toMatchObject({ ended: true, status: "succeeded" });
      return id;
    },
  };
}

function start(name: string, env: Record<string, string>): Started {
  const program = startProgram(process.execPath, [join(ROOT, "bin", `${name}.cjs`)], { env, cwd: temporaryFolder() });
  closers.push(async () => {
    program.child.kill("SIGTERM");
    expect(await program.finished).toMatchObject({ code: 0 });
  });
  return program;
}

/** Those of one trace, once there are so many. */
async function ofTrace(receiver: OtlpReceiver, traceId: string, count: number): Promise<ReceivedSpan[]> {
  const found = () => receiver.spans.filter((span) => span.traceId === traceId);
  for (let all = 1; found().length < count; all++) await receiver.received(all);
  return found();
}

/** By operation, in the order of their attempts. */
function pick(spans: readonly ReceivedSpan[], operation: string): ReceivedSpan[] {
  const attempt = ({ attributes }: ReceivedSpan) => Number(attributes["tss.attempt"] ?? 0);
  return spans.filter(({ name }) => name.startsWith(`${operation} `)).sort((a, b) => attempt(a) - attempt(b));
}

const twice = (marks: string) => ({
  name: "fails once",
  command: TWICE,
  env: { MARKS: marks },
  retry: { limit: 1, interval: 0.01 },
});

test("a caller's trace goes from REST to end, over a retry and into the command and what it submits", async () => {
  const { receiver, submit, key, coordinator } = await startSystem();
  const marks = join(temporaryFolder(), "marks");
  const id = await submit({ ...twice(marks), queue: "mail" }, { traceparent: formatTraceparent(CALLER) });
  const spans = await ofTrace(receiver, CALLER.traceId, 6);

  expect(spans).toHaveLength(6);
  const [request, ...others] = spans.filter(({ service }) => service === "tss-gateway");
  expect(others).toEqual([]);
  expect(request).toMatchObject({
    name: "POST /task/submit",
    kind: 2,
    parentSpanId: CALLER.spanId,
    status: {},
    attributes: { "http.request.method": "POST", "http.route": "/task/submit", "http.response.status_code": 201 },
  });
  const ofTask = spans.filter((span) => span !== request);
  expect(new Set(ofTask.map(({ attributes }) => attributes["messaging.message.id"]))).toEqual(new Set([id]));
  const [send, ...more] = pick(spans, "send");
  expect(more).toEqual([]);
  expect(send).toMatchObject({
    name: "send mail",
    service: "tss-coordinator",
    spanId: traceOfTask(id).spanId,
    parentSpanId: request?.spanId,
    links: [],
    status: {},
  });
  const toSend = [{ traceId: CALLER.traceId, spanId: send?.spanId }];
  const processed = pick(spans, "process");
  expect(processed).toMatchObject(
    [1, 2].map((attempt) => ({
      name: "process mail",
      service: "tss-agent",
      parentSpanId: request?.spanId,
      links: toSend,
      attributes: { "tss.attempt": attempt },
    })),
  );
  expect(processed[0]).toMatchObject({ status: { code: ERROR }, attributes: { "error.type": "exit_code" } });
  expect(processed[1]?.status.code).not.toBe(ERROR);
  const settled = pick(spans, "settle");
  expect(settled).toMatchObject(
    [1, 2].map((attempt) => ({
      name: "settle mail",
      service: "tss-coordinator",
      parentSpanId: request?.spanId,
      links: toSend,
      attributes: { "tss.attempt": attempt },
    })),
  );
  // Both sides name the worker alike, and nothing was recorded badly.
  expect(new Set([...processed, ...settled].map(({ attributes }) => attributes["messaging.client.id"])).size).toBe(1);
  expect(processed[0]?.attributes["messaging.client.id"]).toMatch(/^w_/);
  expect(settled.some(({ status }) => status.code === ERROR)).toBe(false);

  const places = readFileSync(marks, "utf8").trim().split("\n");
  expect(places.map((place) => parseTraceparent(place)?.spanId)).toEqual(processed.map(({ spanId }) => spanId));

  const created = await runTss(["task", "create", "--wait", "--", "true"], {
    env: { TSS_COORDINATOR: coordinator, TSS_API_KEY: key, TRACEPARENT: places[1] as string },
  });
  expect(created.code).toBe(0);
  const [child] = pick((await ofTrace(receiver, CALLER.traceId, 9)).slice(6), "send");
  expect(child).toMatchObject({
    name: "send default",
    traceId: CALLER.traceId,
    parentSpanId: processed[1]?.spanId,
  });
});

test("without a caller's trace it begins at the gateway, and each request has one of its own", async () => {
  const { receiver, submit } = await startSystem();
  const id = await submit(twice(join(temporaryFolder(), "marks")));
  // Two attempts on both sides, the submit and the wait at the gateway.
  const spans = await receiver.received(7);
  const [request] = spans.filter(({ name }) => name === "POST /task/submit");
  expect(request).toMatchObject({ service: "tss-gateway", parentSpanId: "" });
  const ofTask = spans.filter(({ attributes }) => attributes["messaging.message.id"] === id);
  expect(ofTask).toMatchObject(
    [1, 2, 3, 4, 5].map(() => ({ traceId: request?.traceId, parentSpanId: request?.spanId })),
  );
  const [waited] = spans.filter(({ name }) => name === "GET /task/wait/{id}");
  expect(waited).toMatchObject({ service: "tss-gateway", parentSpanId: "", status: {} });
  expect(waited?.traceId).not.toBe(request?.traceId);
});

test("behind a gateway that does not trace, coordinator and agent agree on a trace that begins with send", async () => {
  const { receiver, submit } = await startSystem({ gatewayTraces: false });
  const id = await submit(twice(join(temporaryFolder(), "marks")));
  const spans = await receiver.received(5);
  const { traceId, spanId } = traceOfTask(id);
  expect(pick(spans, "send")).toMatchObject([{ traceId, spanId, parentSpanId: "", name: "send default" }]);
  const rest = [...pick(spans, "process"), ...pick(spans, "settle")];
  expect(rest).toMatchObject(rest.map(() => ({ traceId, parentSpanId: spanId, links: [{ traceId, spanId }] })));
  expect(rest).toHaveLength(4);
});

test("each task of a batch, and one that comes over Connect, is part of its request's trace", async () => {
  const { receiver, key, url } = await startSystem();
  const post = async (path: string, tasks: object[], spanId: string) => {
    const answer = await fetch(`${url}${path}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        traceparent: formatTraceparent({ ...CALLER, spanId }),
      },
      body: JSON.stringify({ tasks }),
    });
    expect(answer.status).toBe(200);
  };
  const [first, second] = ["1".repeat(16), "2".repeat(16)];
  await post(
    "/task/submit",
    [
      { command: "true", name: "a" },
      { command: "true", name: "b" },
    ],
    first,
  );
  await post("/tss.v1.TaskService/SubmitTasks", [{ command: "true", name: "c" }], second);
  // Three tasks with send, process and settle each, and two requests.
  const spans = await ofTrace(receiver, CALLER.traceId, 11);
  const requests = spans.filter(({ service }) => service === "tss-gateway");
  expect(requests).toMatchObject([
    { name: "POST /task/submit", parentSpanId: first },
    { name: "POST /tss.v1.TaskService/SubmitTasks", parentSpanId: second },
  ]);
  const [batch, connect] = requests.map(({ spanId }) => spanId);
  expect(pick(spans, "send").map(({ parentSpanId }) => parentSpanId)).toEqual([batch, batch, connect]);
});

test("requests that fail are told apart by whose fault it was, and probes are not traced", async () => {
  const { receiver, url } = await startSystem();
  // An answer that is not read keeps its connection.
  for (const path of ["/healthz", "/readyz", "/docs", "/no/such/path", "/task/query/nothing"])
    await (await fetch(`${url}${path}`)).arrayBuffer();
  const spans = await receiver.received(1);
  expect(spans).toMatchObject([
    { name: "GET /task/query/{id}", status: {}, attributes: { "http.response.status_code": 401 } },
  ]);
});

test("an agent that does not trace hands the caller's place on, and nothing of its own", async () => {
  const { receiver, submit } = await startSystem({ agentTraces: false, gatewayTraces: false });
  const marks = join(temporaryFolder(), "marks");
  const traceparent = formatTraceparent(CALLER);
  // The body goes before the header.
  const body = { ...twice(marks), traceparent };
  await submit(body, { traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01` });
  expect(readFileSync(marks, "utf8")).toBe(`${traceparent}\n${traceparent}\n`);
  expect(pick(await receiver.received(3), "process")).toEqual([]);

  const none = join(temporaryFolder(), "marks");
  await submit(twice(none), { traceparent: "not a traceparent" });
  expect(readFileSync(none, "utf8")).toBe("\n\n");
});

test("with a collector that is away tasks run and one line says so", async () => {
  const system: DevSystem = await startDev({
    TSS_LOG_LEVEL: "warn",
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
    OTEL_EXPORTER_OTLP_TIMEOUT: "200",
    OTEL_BSP_SCHEDULE_DELAY: "20",
  });
  closers.push(() => rmSync(system.folder, { recursive: true, force: true }));
  closers.push(() => system.stop("SIGKILL"));
  const complaints = () => system.output().split("could not be exported").length - 1;
  await new Promise<void>((resolve) => {
    const look = () => complaints() > 0 && resolve();
    system.process.stderr?.on("data", look);
    look();
  });
  const ended = await system.tss("task", "create", "--wait", "--", "true");
  expect(ended).toMatchObject({ code: 0 });
  // The spans of that task have failed too when the programs have put everything away.
  expect(await system.stop()).toBe(0);
  expect(complaints()).toBe(1);
});
