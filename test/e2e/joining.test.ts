// Over 300 lines: one coordinator with its authority, which every joining here needs and which takes seconds to start.
import { X509Certificate } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { Role } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { factsOf } from "../../runtime/tls/certificate.ts";
import type { Identity } from "../../worker-agent/identity/identity.ts";
import { hours, TestAuthority } from "../support/certificates.ts";
import { type RunningCoordinator, startCoordinatorProcess } from "../support/crash-system.ts";
import { startGatewayProcess } from "../support/gateway-process.ts";
import { testKey } from "../support/memory-keys.ts";
import { ROOT, runTss, type Started, startProgram, temporaryFolder } from "../support/run-tss.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { until } from "../support/until.ts";

/** A machine joins a coordinator that demands certificates, works, renews itself and is thrown out: all real programs. */

let own: TestAuthority;
let coordinator: RunningCoordinator;
let admin: Record<string, string>;
const agents: Started[] = [];

beforeAll(async () => {
  own = await TestAuthority.make();
  const server = await own.write("server", "server");
  const client = await own.write("admin", "client", { name: "admin" });
  coordinator = await startCoordinatorProcess({
    TSS_DATABASE_URL: await freshSqlite(),
    TSS_COORDINATOR_LISTEN: "127.0.0.1:0",
    TSS_TLS_CERT: server.cert,
    TSS_TLS_KEY: server.key,
    TSS_TLS_CLIENT_CA: own.ca,
    TSS_TLS_CLIENT_CA_KEY: join(own.folder, "ca.key"),
  });
  admin = {
    TSS_COORDINATOR: coordinator.address,
    TSS_API_KEY: coordinator.key ?? "",
    TSS_TLS_CA: own.ca,
    TSS_TLS_CLIENT_CERT: client.cert,
    TSS_TLS_CLIENT_KEY: client.key,
  };
});
afterEach(async () => {
  for (const { child, finished } of agents.splice(0)) {
    child.kill("SIGKILL");
    await finished;
  }
});
afterAll(async () => {
  await coordinator?.stop("SIGTERM");
  own.remove();
});

const tss = (...args: string[]) => runTss(args, { env: admin });
const makeToken = async (...args: string[]) => (await tss("key", "join", ...args)).stdout.trim();

/** A machine of its own: what it knows is a folder. */
function machine(env: Record<string, string> = {}) {
  const folder = temporaryFolder();
  const agent = (args: readonly string[], more: Record<string, string> = {}) =>
    startProgram(process.execPath, [join(ROOT, "bin/tss-agent.cjs"), ...args], {
      cwd: folder,
      env: { TSS_WORKER_NAME: "build-7", ...env, ...more },
    });
  const file = join(folder, ".tss/agent/identity.json");
  return {
    file,
    join: (token: string, more: Record<string, string> = { TSS_TLS_CA: own.ca }) =>
      agent(["join", coordinator.address, "--token", token], more).finished,
    /** Without the token on its line. */
    joinBy: (line: readonly string[], env: Record<string, string>) =>
      agent(["join", coordinator.address, ...line], { TSS_TLS_CA: own.ca, ...env }),
    check: () => agent(["--check"]).finished,
    start() {
      const started = agent([]);
      agents.push(started);
      return started;
    },
    identity: () => JSON.parse(readFileSync(file, "utf8")) as Identity,
  };
}

test("a machine joins with a token, and works without any setting", async () => {
  const { file, ...there } = machine();
  const made = await tss("key", "join");
  expect(made.stderr).toMatch(
    /^Token \w{12} is good for one agent until .+: run `tss-agent join 127\.0\.0\.1:\d+ --token -` there and paste it\.\n$/,
  );
  const joined = await there.join(made.stdout.trim());
  expect(joined).toMatchObject({ code: 0, stderr: "" });
  const { key, certificate = "" } = there.identity();
  const id = key.split("_")[1] ?? "";
  expect(joined.stdout).toContain(`has joined ${coordinator.address} with the key ${id} and a certificate`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const facts = factsOf(new X509Certificate(certificate));
  expect(facts).toMatchObject({ name: "build-7", use: "client" });
  expect(facts.notAfter.getTime() - Date.now()).toBeLessThanOrEqual(7 * 86_400_000);

  const checked = await there.check();
  expect(checked).toMatchObject({ code: 0, stderr: "" });
  expect(checked.stdout).toContain(
    `ok    The certificate of ${coordinator.address} is trusted and holds for 29 days.\n`,
  );
  expect(checked.stdout).toContain("ok    The client certificate build-7 is valid and ends in 6 days.\n");
  expect(checked.stdout).toContain("knows the key and takes build-7 as a worker.");

  const agent = there.start();
  await agent.says(`tss-agent build-7 offers its slots to ${coordinator.address}\n`);
  expect(await tss("run", "--", "echo", "hello")).toMatchObject({ code: 0, stdout: "hello\n" });
  agent.child.kill("SIGTERM");
  expect((await agent.finished).code).toBe(0);
});

test("the token may come from where no list of processes shows it: a variable, or the first line of standard input", async () => {
  const byVariable = machine();
  const env = { TSS_JOIN_TOKEN: await makeToken() };
  expect(await byVariable.joinBy([], env).finished).toMatchObject({ code: 0, stderr: "" });
  expect(byVariable.identity().key).toMatch(/^tss_/);

  const byInput = machine().joinBy(["--token", "-"], { TSS_JOIN_TOKEN: "the line goes first" });
  byInput.child.stdin?.write(`${await makeToken()}\nmore\n`);
  expect(await byInput.finished).toMatchObject({ code: 0, stderr: "" });

  const byNothing = machine().joinBy(["--token", "-"], {});
  byNothing.child.stdin?.end();
  const refused = await byNothing.finished;
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/^tss-agent: Standard input is empty, [^\n]+\n$/);

  // An end that never comes is not waited for.
  const byNonsense = machine().joinBy(["--token", "-"], {});
  byNonsense.child.stdin?.write("x".repeat(10_000));
  const nonsense = await byNonsense.finished;
  expect(nonsense.code).toBe(1);
  expect(nonsense.stderr).toMatch(/^tss-agent: Standard input does not begin with a line that is a token; [^\n]+\n$/);
});

test("it renews its key and its certificate in time, and its old key is good no more", async () => {
  const { file, ...there } = machine();
  await there.join(await makeToken());
  const { key, certificate } = there.identity();
  // Two thirds of its life are over.
  writeFileSync(file, JSON.stringify({ ...there.identity(), renewAt: Date.now() - 1 }), { mode: 0o600 });
  const agent = there.start();
  await until("renewed", () => there.identity().key !== key && there.identity().next === undefined);
  const renewed = there.identity();
  expect(renewed.key.split("_")[1]).toBe(key.split("_")[1]);
  expect(renewed.renewAt).toBeGreaterThan(Date.now() + 4 * 86_400_000);
  expect(renewed.certificate).not.toBe(certificate);
  const byKey = async (apiKey: string) => (await runTss(["status"], { env: { ...admin, TSS_API_KEY: apiKey } })).stderr;
  expect(await byKey(key)).toContain("The API key is not valid here");
  expect(await byKey(renewed.key)).toContain("A key of role worker may not call");
  agent.child.kill("SIGKILL");
  await agent.finished;
  // As if it had died between the coordinator's word and its disk: what it has first is not good any more.
  const { tlsKey } = renewed;
  writeFileSync(file, JSON.stringify({ ...renewed, key, next: { key: renewed.key, tlsKey } }), { mode: 0o600 });
  there.start();
  await until("settled", () => there.identity().key === renewed.key && there.identity().next === undefined);
  expect(await tss("run", "--", "echo", "still here")).toMatchObject({ code: 0, stdout: "still here\n" });
});

test("an agent that is thrown out says so and ends, and its next start is refused", async () => {
  const there = machine();
  await there.join(await makeToken("rack 4"));
  const id = there.identity().key.split("_")[1] ?? "";
  const agent = there.start();
  await agent.says("offers its slots");
  expect((await tss("key", "list")).stdout).toMatch(new RegExp(`${id} +rack 4 +worker +valid`));
  expect(await tss("key", "revoke", id)).toMatchObject({ code: 0 });
  const ended = await agent.finished;
  expect(ended.code).toBe(70);
  expect(ended.stderr + ended.stdout).toContain(
    `The API key ${id} was revoked on ${new Date().toISOString().slice(0, 10)}: ask an admin for a join token (\`tss key join\`) and enrol this agent again (\`tss-agent join\`).`,
  );
  const refused = await there.start().finished;
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/^tss-agent: The API key \w{12} was revoked on [^\n]+\n$/);
});

test("two machines with one token: one joins, the other is told which key it was", async () => {
  const [one, two] = [machine(), machine()];
  const token = await makeToken("--ttl", "5m");
  const ended = await Promise.all([one.join(token), two.join(token)]);
  const codes = ended.map(({ code }) => code);
  expect([...codes].sort()).toEqual([0, 1]);
  const [won, lost] = codes[0] === 0 ? [one, ended[1]] : [two, ended[0]];
  const id = won.identity().key.split("_")[1];
  expect(lost?.stderr).toMatch(
    new RegExp(
      `^tss-agent: The join token \\w{12} was used on [^\\n]+, for the key ${id}, and is good once: [^\\n]+\\n$`,
    ),
  );
});

test.each([
  [
    "misspelt",
    (token: string) => `${token.slice(0, -1)}${token.endsWith("x") ? "y" : "x"}`,
    "The join token is malformed or has a typo: copy it once more in full",
  ],
  [
    "of another installation",
    () => testKey(Role.JOIN).key,
    "The join token is not valid here: it was made for another",
  ],
  ["a key", () => coordinator.key ?? "", "This is an API key and no join token"],
])("a token that is %s is refused in one sentence", async (_, change, sentence) => {
  const ended = await machine().join(change(await makeToken()));
  expect(ended).toMatchObject({ code: 1, stdout: "" });
  expect(ended.stderr).toMatch(/^tss-agent: [^\n]+\n$/);
  expect(ended.stderr).toContain(sentence);
});

test("an expired and a revoked token are refused, each for what it is", async () => {
  const short = await makeToken("--ttl", "1s");
  const gone = await makeToken();
  await tss("key", "revoke", gone.split("_")[1] ?? "");
  expect((await machine().join(gone)).stderr).toContain("was revoked on");
  await until("expired", async () => (await machine().join(short)).stderr.includes("expired on"));
});

test("who joins is told why TLS fails", async () => {
  const token = await makeToken();
  const foreign = await TestAuthority.make();
  const plain = await machine().join(token, {});
  expect(plain.stderr).toMatch(/does it ask for TLS/);
  const wrong = await machine().join(token, { TSS_TLS_CA: foreign.ca });
  expect(wrong.stderr).toMatch(/its certificate is not signed by an authority in TSS_TLS_CA/);
  foreign.remove();
});

test.each([
  [["join"], "A coordinator and a token are needed; write: tss-agent join HOST:PORT --token TOKEN"],
  [["join", "127.0.0.1:7400"], "A coordinator and a token are needed"],
  [["join", "nowhere", "--token", "x"], '"nowhere"'],
  [["join", "127.0.0.1:7400", "--tokn", "x"], "--tokn"],
])("tss-agent %j: one clear sentence", async (args, sentence) => {
  const { code, stderr } = await startProgram(process.execPath, [join(ROOT, "bin/tss-agent.cjs"), ...args]).finished;
  expect(code).toBe(1);
  expect(stderr).toMatch(/^tss-agent: [^\n]+\n$/);
  expect(stderr).toContain(sentence);
});

test("an agent whose certificate has ended says so, and goes on when it is replaced", async () => {
  const old = await own.write("agent", "client", { name: "old", ...hours(-3, -2) });
  const key = (await tss("key", "create", "by hand", "--role", "worker")).stdout.trim();
  const env = { TSS_COORDINATOR: coordinator.address, TSS_API_KEY: key, TSS_TLS_CA: own.ca };
  const there = machine({ ...env, TSS_TLS_CLIENT_CERT: old.cert, TSS_TLS_CLIENT_KEY: old.key });
  const checked = await there.check();
  expect(checked.code).toBe(1);
  expect(checked.stdout).toMatch(/FAIL {2}The client certificate old ended on [^\n]+ UTC\. Make a new one/);
  const agent = there.start();
  await agent.says("The client certificate old ended on");
  await agent.says("It goes on trying.");
  await own.write("agent", "client", { name: "new" });
  await until("works", async () => (await tss("worker", "list")).stdout.includes("build-7"));
});

test("a gateway without a certificate says that it is its own fault, and with one it serves", async () => {
  const certified = async (more: Record<string, string>) => {
    const gateway = await startGatewayProcess({ TSS_COORDINATOR: coordinator.address, TSS_TLS_CA: own.ca, ...more });
    const headers = { authorization: `Bearer ${coordinator.key}` };
    const answer = await fetch(`${gateway.url}/task/list`, { headers });
    const body = (await answer.json()) as object;
    await gateway.stop();
    return { status: answer.status, body };
  };
  expect(await certified({})).toMatchObject({
    status: 503,
    body: { detail: expect.stringMatching(/^The gateway is not let in by its coordinator: This coordinator wants/) },
  });
  const { cert, key } = await own.write("gateway", "client", { name: "gateway" });
  expect(await certified({ TSS_TLS_CLIENT_CERT: cert, TSS_TLS_CLIENT_KEY: key })).toMatchObject({ status: 200 });
});

test("the doctor looks at every certificate", async () => {
  const well = await tss("doctor");
  expect(well.stdout).toContain(
    `✓ tls         The certificate of ${coordinator.address} is trusted and holds for 29 days.`,
  );
  const soon = await own.write("soon", "client", { name: "soon", ...hours(-1, 100) });
  const look = (env: Record<string, string>) => runTss(["doctor"], { env: { ...admin, ...env } });
  const warned = await look({ TSS_TLS_CLIENT_CERT: soon.cert, TSS_TLS_CLIENT_KEY: soon.key });
  expect(warned.stdout).toContain("! tls         The client certificate soon is valid and ends in 4 days.");
  const early = await own.write("early", "client", { name: "early", ...hours(5, 100) });
  const clock = await look({ TSS_TLS_CLIENT_CERT: early.cert, TSS_TLS_CLIENT_KEY: early.key });
  expect(clock.stdout).toMatch(
    /✗ tls {9}The client certificate early is not yet valid: it begins on [^\n]+\n +→ Set the clock/,
  );
  const { TSS_TLS_CLIENT_CERT: _, TSS_TLS_CLIENT_KEY: __, ...bare } = admin;
  const none = await runTss(["doctor"], { env: bare });
  expect(none.code).toBe(1);
  expect(none.stdout).toMatch(/✗ tls {9}This coordinator wants a client certificate and none was shown/);
  const file = await runTss(["doctor"], { env: { ...admin, TSS_TLS_CLIENT_KEY: own.ca } });
  expect(file.code).toBe(1);
  expect(file.stdout).toContain(
    "✗ tls         TSS_TLS_CLIENT_CERT and TSS_TLS_CLIENT_KEY are no certificate and its key",
  );
  const other = await runTss(["doctor"], {
    env: { ...admin, TSS_COORDINATOR: coordinator.address.replace("127.0.0.1", "127.0.0.2") },
  });
  expect(other.code).toBe(1);
});
