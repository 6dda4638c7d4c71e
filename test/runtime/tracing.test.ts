import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { silentLogger } from "../../runtime/logger.ts";
import { parseTraceparent, traceOfTask } from "../../runtime/traceparent.ts";
import { createTaskTracer, noTracer, type TaskTracer } from "../../runtime/tracing.ts";
import { type OtlpReceiver, startOtlpReceiver } from "../support/otlp-receiver.ts";

const CLIENT = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };
const attempt = { attempt: 2, workerId: "w_1" };
const task = (traceparent: string) => ({ id: "t_abc", queue: "mail", type: "send-mail", traceparent });
const now = 1_700_000_000_000;

let receiver: OtlpReceiver;
let tracer: TaskTracer;

beforeEach(async () => {
  receiver = await startOtlpReceiver();
  // The exporter reads the real environment, not the one that is passed.
  process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.url;
  tracer = await createTaskTracer({ service: "tss-coordinator", version: "1.2.3", logger: silentLogger });
});

afterEach(async () => {
  await tracer.close();
  await receiver.close();
  delete process.env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  delete process.env["OTEL_TRACES_SAMPLER"];
});

test("without an endpoint nothing is recorded", async () => {
  const options = { service: "tss", version: "1", logger: silentLogger };
  expect(await createTaskTracer({ ...options, environment: {} })).toBe(noTracer);
  const disabled = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_SDK_DISABLED: "true" };
  expect(await createTaskTracer({ ...options, environment: disabled })).toBe(noTracer);
  expect(noTracer.process(task(""), attempt, now).traceparent).toBe("");
});

test("a task without a traceparent has a trace of its own: send, and its children process and settle", async () => {
  const open = tracer.process(task(""), attempt, now + 10);
  tracer.send(task(""), now, { at: now + 2 });
  open.end({ at: now + 30 });
  tracer.settle(task(""), attempt, now + 30, { at: now + 31 });
  await tracer.close();

  const [send, process, settle] = ["send", "process", "settle"].map((operation) =>
    receiver.spans.find(({ name }) => name === `${operation} mail`),
  );
  expect(send).toMatchObject({
    ...traceOfTask("t_abc"),
    kind: 4,
    parentSpanId: "",
    links: [],
    startMs: now,
    endMs: now + 2,
  });
  expect(process).toMatchObject({
    traceId: send?.traceId,
    parentSpanId: send?.spanId,
    kind: 5,
    links: [traceOfTask("t_abc")],
    service: "tss-coordinator",
  });
  expect(settle).toMatchObject({ traceId: send?.traceId, parentSpanId: send?.spanId, kind: 3 });
  expect(process?.attributes).toEqual({
    "messaging.system": "tss",
    "messaging.operation.name": "process",
    "messaging.operation.type": "process",
    "messaging.destination.name": "mail",
    "messaging.message.id": "t_abc",
    "messaging.message.conversation_id": "t_abc",
    "messaging.client.id": "w_1",
    "tss.attempt": 2,
    "tss.task.type": "send-mail",
  });
  expect(receiver.spans).toHaveLength(3);
});

test("a client's traceparent is the parent of both sides, and process links to send", async () => {
  const traceparent = `00-${CLIENT.traceId}-${CLIENT.spanId}-01`;
  tracer.send(task(traceparent), now, {});
  const open = tracer.process(task(traceparent), attempt, now);
  const own = parseTraceparent(open.traceparent);
  open.end({ error: "exit_code" });
  await tracer.close();

  const [send, process] = receiver.spans;
  expect(send).toMatchObject({
    traceId: CLIENT.traceId,
    parentSpanId: CLIENT.spanId,
    spanId: traceOfTask("t_abc").spanId,
  });
  expect(process).toMatchObject({
    traceId: CLIENT.traceId,
    spanId: own?.spanId,
    parentSpanId: CLIENT.spanId,
    links: [{ traceId: CLIENT.traceId, spanId: send?.spanId }],
    status: { code: 2, message: "exit_code" },
  });
  expect(process?.attributes["error.type"]).toBe("exit_code");
});

test("a request is served below its caller, and what it sets off below it", async () => {
  const traceparent = `00-${CLIENT.traceId}-${CLIENT.spanId}-01`;
  const request = { method: "GET", route: "/task/query/{id}", requestId: "r-1" };
  const served = tracer.serve({ ...request, traceparent }, now);
  served.end(200);
  tracer.serve({ ...request, traceparent: "none" }, now).end(503);
  tracer.serve({ ...request, traceparent: "" }, now).end(0);
  await tracer.close();

  const [first, broken, gone] = receiver.spans;
  expect(first).toMatchObject({ ...CLIENT, spanId: parseTraceparent(served.traceparent)?.spanId, startMs: now });
  expect(first).toMatchObject({ name: "GET /task/query/{id}", kind: 2, parentSpanId: CLIENT.spanId, status: {} });
  expect(first?.attributes).toEqual({
    "http.request.method": "GET",
    "http.route": "/task/query/{id}",
    "http.response.status_code": 200,
    "tss.request.id": "r-1",
  });
  expect(broken).toMatchObject({ parentSpanId: "", status: { code: 2 }, attributes: { "error.type": "503" } });
  expect(gone).toMatchObject({ parentSpanId: "", attributes: { "error.type": "client_gone" } });
});

test("a client that does not sample is followed", async () => {
  const traceparent = `00-${CLIENT.traceId}-${CLIENT.spanId}-00`;
  tracer.send(task(traceparent), now, {});
  const open = tracer.process(task(traceparent), attempt, now);
  expect(parseTraceparent(open.traceparent)?.sampled).toBe(false);
  open.end({});
  await tracer.close();
  expect(receiver.spans).toHaveLength(0);
});

test("every process samples a trace alike", async () => {
  process.env["OTEL_TRACES_SAMPLER"] = "parentbased_traceidratio";
  process.env["OTEL_TRACES_SAMPLER_ARG"] = "0.5";
  const options = { service: "tss-agent", version: "1", logger: silentLogger };
  const agent = await createTaskTracer(options);
  const coordinator = await createTaskTracer(options);
  delete process.env["OTEL_TRACES_SAMPLER_ARG"];
  for (let number = 0; number < 40; number++) {
    const one = { ...task(""), id: `t_${number}` };
    coordinator.send(one, now, {});
    agent.process(one, attempt, now).end({});
  }
  await Promise.all([agent.close(), coordinator.close()]);
  const traces = (name: string) => new Set(receiver.spans.filter((span) => span.name === name).map((s) => s.traceId));
  const sent = traces("send mail");
  expect(traces("process mail")).toEqual(sent);
  expect(sent.size).toBeGreaterThan(0);
  expect(sent.size).toBeLessThan(40);
});
