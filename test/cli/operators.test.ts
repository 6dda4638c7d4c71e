import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { QueueSchema, Role, WorkerSchema, WorkerState } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { runTss } from "../support/run-tss.ts";
import { type House, startHouse } from "../support/scripted-house.ts";

let house: House;
beforeEach(async () => {
  house = await startHouse();
  house.operator.queues = [create(QueueSchema, { name: "mail", counts: { waiting: 12n, running: 3n } })];
  house.operator.workers = ["s1", "s2"].map((sessionId, at) =>
    create(WorkerSchema, {
      sessionId,
      info: { name: at === 0 ? "build-7" : "twin", slots: 4, commands: true, labels: { zone: "eu" } },
      state: WorkerState.ACTIVE,
      running: at,
      lastSeenAt: timestampFromMs(Date.now()),
      taskIds: ["t1"],
    }),
  );
  house.operator.overview = { counts: create(QueueSchema, { counts: { failed: 2n } }).counts, workers: 2, slots: 8 };
});
afterEach(() => house.close());

const tss = (...args: string[]) => runTss(args, { env: house.env });
const json = async (...args: string[]) => JSON.parse((await tss(...args, "--json")).stdout);

test("worker list, show and drain", async () => {
  expect((await tss("worker", "list")).stdout).toMatch(/s1 +build-7 +active +0\/4 +all +commands +zone=eu/);
  expect((await tss("worker", "show", "build-7")).stdout).toMatch(/Session +s1\n(.*\n)*Holds +t1/);
  const drained = await tss("workers", "drain", "build-7");
  expect(drained.stdout).toBe("build-7 is draining; it still runs 0 tasks.\n");
  expect(house.operator.drained).toEqual(["s1"]);
  expect((await json("worker", "list")).workers[0]).toMatchObject({
    sessionId: "s1",
    state: "active",
    info: { slots: 4 },
  });
});

test("a worker that is not there is not found; a name of two is not guessed", async () => {
  const missing = await tss("worker", "show", "nobody");
  expect(missing).toMatchObject({ code: 5, stderr: expect.stringContaining('"nobody"') });
  const [first] = house.operator.workers;
  if (first?.info) first.info.name = "twin";
  const twins = await tss("worker", "drain", "twin");
  expect(twins).toMatchObject({ code: 1, stderr: expect.stringContaining("s1, s2") });
});

test("queue list, pause and resume", async () => {
  expect((await tss("queue", "pause", "mail", "--note", "down\u001b[2J")).stdout).toBe(
    "mail is paused; 3 of its tasks still run.\n",
  );
  const listed = await tss("queue", "list");
  expect(listed.stdout).toMatch(/mail +paused: down\\x1b\[2J +12 +3/);
  expect((await tss("queue", "resume", "mail")).stdout).toBe("mail is open; 12 of its tasks wait.\n");
  expect((await json("queue", "list")).queues).toEqual([
    {
      name: "mail",
      paused: false,
      limit: 0,
      counts: { waiting: 12, running: 3, succeeded: 0, failed: 0, cancelled: 0 },
    },
  ]);
  expect((await tss("queue", "pause", "nothing")).code).toBe(5);
});

test("queue limit sets a limit, shows it and takes it off", async () => {
  expect((await tss("queue", "limit", "mail", "5")).stdout).toBe(
    "mail runs at most 5 of its tasks at a time; 3 run now.\n",
  );
  expect((await tss("queue", "list")).stdout).toMatch(/ LIMIT .*\nmail +open +12 +3 +5 /);
  expect((await json("queue", "limit", "mail", "1000000")).limit).toBe(1_000_000);
  expect((await tss("queue", "limit", "mail", "none")).stdout).toBe("mail has no limit; 3 run now.\n");
  for (const wrong of ["0", "-1", "1000001", "1.5", "many"]) {
    const refused = await tss("queue", "limit", "mail", "--", wrong);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toBe("Error: LIMIT must be a whole number from 1 to 1000000, or none.\n");
  }
});

test("status shows the system on one page", async () => {
  const { stdout } = await tss("status");
  expect(stdout).toMatch(/Coordinator +tss 5\.0\.0, up 1h, 4 of 4 shards/);
  expect(stdout).toContain("2 failed");
  expect((await json("status")).server).toMatchObject({ store: "sqlite", role: "admin", storeOk: true });
});

test("a key is printed alone on stdout, listed and revoked", async () => {
  const made = await tss("key", "create", "ci", "--role", "viewer", "--ttl", "30d");
  expect(made.stdout).toMatch(/^tss_\S+\n$/);
  expect(made.stderr).toContain("not shown again");
  const secret = made.stdout.trim();
  expect((await runTss(["task", "list"], { env: { ...house.env, TSS_API_KEY: secret } })).code).toBe(0);
  const listed = await json("key", "list");
  const key = listed.apiKeys.find((candidate: { name: string }) => candidate.name === "ci");
  expect(key).toMatchObject({ role: "viewer" });
  expect((await tss("key", "revoke", key.id)).code).toBe(0);
  expect((await tss("key", "list")).stdout).toMatch(/ci +viewer +revoked/);
  expect((await tss("key", "create", "x", "--role", "king")).code).toBe(2);
});

test("a key that is missing, unknown or too small ends with 4", async () => {
  const none = await runTss(["task", "list"], { env: { TSS_COORDINATOR: house.address } });
  expect(none).toMatchObject({ code: 4, stderr: expect.stringContaining("TSS_API_KEY") });
  const viewer = { ...house.env, TSS_API_KEY: house.keyOf(Role.VIEWER) };
  const refused = await runTss(["queue", "pause", "mail"], { env: viewer });
  expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining("viewer") });
  const asJson = await runTss(["queue", "pause", "mail", "--json"], { env: viewer });
  expect(JSON.parse(asJson.stdout).error).toMatchObject({ code: "PERMISSION_DENIED" });
  expect(asJson).toMatchObject({ code: 4, stderr: "" });
});

test("doctor finds nothing wrong in a house in order, and names what is not", async () => {
  // Nobody listens there, whatever else runs on this machine.
  const { stdout } = await runTss(["doctor"], { env: { ...house.env, TSS_GATEWAY_LISTEN: "127.0.0.1:1" } });
  for (const check of [
    "settings",
    "disk",
    "address",
    "tls",
    "coordinator",
    "store",
    "key",
    "clock",
    "workers",
    "queues",
  ])
    expect(stdout).toMatch(new RegExp(`^[✓!] ${check} `, "m"));
  expect(stdout).toMatch(/^! gateway +\S+ does not answer \(ECONNREFUSED\)\.\n +→ Start tss-gateway/m);
  house.operator.clockAheadMs = 60_000;
  house.operator.workers = [];
  house.add({ queue: "gpu" });
  await tss("queue", "pause", "mail");
  const found = await json("doctor");
  const states = Object.fromEntries(
    found.findings.map((finding: { check: string; state: string }) => [finding.check, finding.state]),
  );
  expect(states).toMatchObject({ clock: "warn", workers: "warn", queues: "warn", waiting: "warn", key: "ok" });
  expect(found.ok).toBe(true);
});

test("doctor ends with 1 when settings cannot be used or nobody listens", async () => {
  const settings = await runTss(["doctor"], { env: { ...house.env, TSS_LEASE_TTL: "soon" } });
  expect(settings).toMatchObject({ code: 1, stdout: expect.stringContaining("✗ settings") });
  const away = await runTss(["doctor", "--coordinator", "127.0.0.1:1"], { env: house.env });
  expect(away).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/✗ address +127\.0\.0\.1:1 takes no connection/),
  });
});

test("a queue that never had a task may be a misspelt one", async () => {
  house.operator.queues = [create(QueueSchema, { name: "mial", counts: {} })];
  const paused = await tss("queue", "pause", "mial");
  expect(paused).toMatchObject({ code: 0, stderr: expect.stringMatching(/^No task has been in mial yet; /) });
  expect((await tss("queue", "pause", "mial", "--json")).stderr).toBe("");
});
