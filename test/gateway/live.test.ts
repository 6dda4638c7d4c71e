import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type DevSystem, startDev } from "../support/dev-system.ts";
import { type LiveEvent, liveStream, untilEvent } from "../support/live-stream.ts";

/** The dashboard's stream, read as its page reads it. */
let system: DevSystem;
beforeAll(async () => {
  system = await startDev();
});
afterAll(async () => {
  expect(await system.stop()).toBe(0);
});

const stream = (body: object, key = system.key, path = "/live/stream") => liveStream(system.gateway, key, body, path);

const submit = async (body: object) =>
  ((await (await system.rest("/task/submit", { method: "POST", body: JSON.stringify(body) })).json()) as { id: string })
    .id;

test("a list comes whole and then by what changes of it", async () => {
  const topic = 'tasks {"limit":5}';
  const events = stream({ topics: [topic] });
  const first = await untilEvent(events, ({ event }) => event === "rows");
  expect(Object.keys(first.data.rows ?? {})).toEqual(first.data.order);
  const id = await submit({ name: "changes", command: "sleep 60" });
  const came = await untilEvent(events, ({ data }) => data.rows?.[id] !== undefined);
  expect(Object.keys(came.data.rows ?? {})).toEqual([id]);
  await system.rest(`/task/cancel/${id}`, { method: "POST" });
  const ended = await untilEvent(events, ({ data }) => data.rows?.[id]?.status === "TASK_STATUS_CANCELLED");
  expect(came.data.order?.[0]).toBe(id);
  // An order that has not changed is not sent again.
  expect(ended.data.order).toBeUndefined();
  await events.return(undefined);
});

test("numbers come once a second and as what has changed, a series as its buckets", async () => {
  const series = 'series {"minutes":15}';
  const events = stream({ topics: ["stats", series] });
  const said = new Map<string, string>();
  const repeated: string[] = [];
  const note = ({ topic, rows }: LiveEvent["data"]) => {
    for (const [name, row] of topic === "stats" ? Object.entries(rows ?? {}) : []) {
      if (said.get(name) === JSON.stringify(row)) repeated.push(name);
      said.set(name, JSON.stringify(row));
    }
  };
  const first = await untilEvent(events, ({ data }) => {
    note(data);
    return data["topic"] === "stats";
  });
  expect(first.data.order).toEqual(expect.arrayContaining(["verdict", "totals", "queue/default", "problems"]));
  const id = await submit({ name: "counted", command: "true", queue: "counted" });
  await untilEvent(events, ({ data }) => {
    note(data);
    return data.rows?.["queue/counted"] !== undefined;
  });
  expect(said.has("problems")).toBe(true);
  expect(repeated).toEqual([]);
  await system.rest(`/task/wait/${id}?timeout=30`);
  const { data } = await untilEvent(
    events,
    ({ data: { topic, rows } }) => topic === series && Object.keys(rows ?? {}).length > 0,
  );
  expect(data["rest"]).toMatchObject({ bucketSeconds: 10 });
  await events.return(undefined);
});

test("a task is told at every change until its end, its output as it comes", async () => {
  const id = await submit({ name: "talks", command: "echo one; sleep 0.1; echo two >&2" });
  const output = `output {"id":"${id}","attempt":1}`;
  const events = stream({ topics: [`task {"id":"${id}"}`, output] });
  const heard: Record<string, string> = { stdout: "", stderr: "" };
  let status = "";
  let end = false;
  while (!end || status !== "TASK_STATUS_SUCCEEDED") {
    const { value, done } = await events.next();
    if (done) break;
    if (value.event === "value") status = (value.data["value"] as { status: string }).status;
    if (value.event === "output") {
      const { stream: name, data } = value.data as unknown as { stream: string; data: string };
      heard[name] += Buffer.from(data, "base64").toString();
      end = value.data["end"] === true;
    }
  }
  expect([status, heard]).toEqual(["TASK_STATUS_SUCCEEDED", { stdout: "one\n", stderr: "two\n" }]);
  await events.return(undefined);
  // Who comes when it is over hears its end too.
  const late = stream({ topics: [output], from: { [output]: 8 } });
  expect((await untilEvent(late, ({ event }) => event === "output")).data).toMatchObject({ end: true, offset: 8 });
  await late.return(undefined);
});

test("what is wrong with a topic is said of that topic alone", async () => {
  const topics = [
    "nonsense",
    'task {"id":"nope"}',
    'tasks {"limit":9999}',
    "tasks {",
    'series {"minutes":0}',
    "failures {}",
    'failures {"minutes":60,"limit":501}',
    'activity {"kind":["NOTHING"]}',
    "queues",
  ];
  const events = stream({ topics });
  const problems = new Map<string, unknown>();
  let queues = false;
  while (problems.size < 8 || !queues) {
    const { value } = await events.next();
    if (value?.event === "problem") problems.set(String(value.data["topic"]), value.data["final"]);
    if (value?.event === "rows") queues = value.data["topic"] === "queues";
  }
  expect([...problems.entries()].sort()).toEqual(
    topics
      .slice(0, 8)
      .map((topic) => [topic, true])
      .sort(),
  );
  await events.return(undefined);
});

test("a stream of a revoked key is closed with a word", async () => {
  const made = await system.rest("/key/create", { method: "POST", body: '{"name":"g","role":"viewer","ttl":600}' });
  const { secret, apiKey } = (await made.json()) as { secret: string; apiKey: { id: string } };
  const events = stream({ topics: ["queues"] }, secret);
  await untilEvent(events, ({ event }) => event === "rows");
  await system.rest(`/key/revoke/${apiKey.id}`, { method: "POST", body: "{}" });
  await untilEvent(events, ({ event }) => event === "signed-out");
  expect((await events.next()).done).toBe(true);
});

test("where no stream comes through, the same is asked for once", async () => {
  const events: LiveEvent[] = [];
  for await (const event of stream({ topics: ["queues", "workers", "overview", "nope"] }, system.key, "/live/poll"))
    events.push(event);
  expect(events.map(({ event, data }) => [event, data["topic"]])).toEqual([
    ["rows", "queues"],
    ["rows", "workers"],
    ["value", "overview"],
    ["problem", "nope"],
  ]);
});

test.each([
  {},
  { topics: "x" },
  { topics: [5] },
  { topics: Array(33).fill("queues") },
  { topics: [], from: { x: -1 } },
  null,
])("%j is refused", async (body) => {
  expect((await system.rest("/live/stream", { method: "POST", body: JSON.stringify(body) })).status).toBe(400);
});
