import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { TssError } from "../../proto/errors.ts";
import { AttemptOutcome, TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import { LogStream } from "../../proto/gen/tss/v1/task_service_pb.js";
import { leave, openHouse, temporaryDirectory } from "../support/agent-house.ts";
import type { FakeCoordinator, Given } from "../support/fake-coordinator.ts";
import { knownSecrets } from "../support/known-secrets.ts";
import { killProcess, startAgentProcess } from "../support/start-agent-process.ts";

const { FAILED, SUCCEEDED, RELEASED } = AttemptOutcome;
const KEY = "hunter2/of the agent";
const TOKEN = 2n ** 52n + 1n;
const named = { KEY: "api-key" };

/** What the coordinator was told of an attempt, all of it. */
function told(coordinator: FakeCoordinator, given: Given): string {
  const plain = (_: string, value: unknown) =>
    typeof value === "bigint" ? String(value) : value instanceof Uint8Array ? Buffer.from(value).toString() : value;
  const { outcomes } = coordinator;
  return JSON.stringify([coordinator.progress(given), outcomes, coordinator.output(given).toString()], plain);
}

function streamOf(coordinator: FakeCoordinator, given: Given, stream: LogStream): string {
  return Buffer.concat(coordinator.logs(given).flatMap((log) => (log.stream === stream ? [log.data] : []))).toString();
}

/** Every file below, as text. */
function files(directory: string): string {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
    .join("\n");
}

test("a command has its secrets in its environment, and nothing of what it says shows them", async () => {
  const { agent, coordinator } = await openHouse({ secrets: knownSecrets({ KEY }) });
  const command = [
    'test "$KEY" = "hunter2/of the agent" || exit 9',
    'echo "plain $KEY"; printf "%s" "$KEY" | base64; printf "%s" "$KEY" | od -An -tx1 -v | tr -d " \\n"; echo',
    'echo "cut in two: hunter2/of"" the agent"',
    'echo "{\\"progress\\":40,\\"message\\":\\"with $KEY\\"}" >&3; echo "{\\"message\\":\\"\\\\u0068unter2/of the agent\\"}" >&3',
    'printf "{\\"key\\":\\"%s\\"}" "$KEY" > "$TSS_OUTPUT"',
    'echo "last $KEY" >&2; exit $CODE',
  ].join("\n");
  const fails = coordinator.lease({ command, secrets: named, env: { CODE: "3" } });
  const report = await coordinator.outcome(fails);
  expect(report).toMatchObject({ outcome: FAILED, exitCode: 3 });
  expect(report.error?.message).toContain("Last line of its errors: last ***");
  const succeeds = coordinator.lease({ command, secrets: named, env: { CODE: "0" } });
  const { outcome, result } = await coordinator.outcome(succeeds);
  expect([outcome, String(Buffer.from(result?.data ?? [])), result?.contentType]).toEqual([
    SUCCEEDED,
    '{"key":"***"}',
    "application/json",
  ]);
  await leave(agent);
  for (const given of [fails, succeeds]) {
    expect(streamOf(coordinator, given, LogStream.STDOUT)).toBe("plain ***\n***\n***\ncut in two: ***\n");
    expect(streamOf(coordinator, given, LogStream.STDERR)).toBe("last ***\n");
    expect(coordinator.progress(given)[0]).toMatchObject({ percent: 40, message: "with ***" });
    const all = told(coordinator, given);
    expect(all).toContain("***");
    for (const form of ["hunter2", Buffer.from(KEY).toString("base64").slice(0, 8), Buffer.from(KEY).toString("hex")])
      expect(all).not.toContain(form);
  }
});

test("a value too short to be looked for is told of by the name of its variable", async () => {
  const { agent, coordinator } = await openHouse({ secrets: knownSecrets({ PIN: "4711", KEY }) });
  const given = coordinator.lease({ command: 'echo "$PIN $KEY"', secrets: { PIN: "pin", KEY: "api-key" } });
  await coordinator.outcome(given);
  await leave(agent);
  expect(coordinator.output(given).toString()).toBe("4711 ***\n");
  expect(coordinator.progress(given).flatMap(({ messages }) => messages)).toEqual([
    "The secret in PIN has fewer than 6 characters and is not masked in output.",
  ]);
});

test("a task without secrets asks for none", async () => {
  const refuse = () => Promise.reject(new Error("asked"));
  const { coordinator } = await openHouse({ secrets: knownSecrets(refuse) });
  expect(await coordinator.outcome(coordinator.lease({ command: "true" }))).toMatchObject({ outcome: SUCCEEDED });
});

test("what is missing fails the attempt by name and for good; a coordinator that is away is asked again", async () => {
  const answers: (() => Promise<Record<string, string>>)[] = [];
  const { coordinator } = await openHouse({ secrets: knownSecrets(() => answers.shift()!()) });
  const refuse = (code: "UNAVAILABLE" | "FAILED_PRECONDITION", reason: string) => () =>
    Promise.reject(new TssError(code, "The secret api-key is not there.", { reason }));
  answers.push(refuse("FAILED_PRECONDITION", "SECRET_MISSING"));
  const missing = await coordinator.outcome(coordinator.lease({ command: "true", secrets: named }));
  expect(missing).toMatchObject({ outcome: FAILED, reason: TaskReason.SPAWN_ERROR, nonRetryable: true });
  expect(missing.error?.message).toBe("The attempt was not started: The secret api-key is not there.");
  answers.push(refuse("FAILED_PRECONDITION", "OTHER_MASTER_KEY"));
  const locked = await coordinator.outcome(coordinator.lease({ command: "true", secrets: named }));
  expect(locked).toMatchObject({ outcome: FAILED, reason: TaskReason.SPAWN_ERROR, nonRetryable: false });
  answers.push(refuse("UNAVAILABLE", "CONNECTION_LOST"), async () => ({ KEY }));
  const given = await coordinator.outcome(coordinator.lease({ command: 'test -n "$KEY"', secrets: named }));
  expect(given).toMatchObject({ outcome: SUCCEEDED });
});

test("an attempt that waits for its secrets when the agent leaves goes back", async () => {
  const asked = Promise.withResolvers<void>();
  const { agent, coordinator } = await openHouse({
    secrets: knownSecrets((_, signal) => {
      asked.resolve();
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    }),
  });
  const given = coordinator.lease({ command: "true", secrets: named });
  await asked.promise;
  await agent.close();
  expect(await coordinator.outcome(given)).toMatchObject({ outcome: RELEASED });
});

test("an agent that takes a command up masks its secrets too, one that was half written when the other died among them", async () => {
  const directory = temporaryDirectory();
  const go = join(directory, "go");
  const command = `echo err $KEY >&2; printf 'begin %s' "\${KEY%nt}"; while [ ! -e ${go} ]; do sleep 0.05; done; echo "nt end"; echo "$KEY"; printf %s "$KEY" > "$TSS_OUTPUT"`;
  const { child, said } = await startAgentProcess(
    directory,
    command,
    ({ output }) => output.includes("err ***") && output.includes("begin "),
    { TEST_SILENT: "1", TEST_SECRETS: JSON.stringify({ KEY }) },
  );
  await killProcess(child);
  expect(files(directory)).not.toContain("hunter2");
  const { agent, coordinator } = await openHouse({ directory });
  const given = { id: said.id, fencingToken: TOKEN };
  expect(coordinator.held()).toEqual([given]);
  writeFileSync(go, "");
  const report = await coordinator.outcome(given);
  expect([report.outcome, String(Buffer.from(report.result?.data ?? []))]).toEqual([SUCCEEDED, "***"]);
  await leave(agent);
  expect(streamOf(coordinator, given, LogStream.STDOUT)).toBe("begin *** end\n***\n");
  expect(report.outputBytes).toBe(BigInt(coordinator.output(given).length));
});

test("a command that an agent cannot look through for its secrets is not taken up", async () => {
  const directory = temporaryDirectory();
  const { child, said } = await startAgentProcess(directory, "echo on; sleep 1000", ({ output }) => output !== "", {
    ...{ TEST_SILENT: "1", TEST_SECRETS: JSON.stringify({ KEY }) },
  });
  await killProcess(child);
  const [folder = ""] = readdirSync(join(directory, "attempts"));
  const path = join(directory, "attempts", folder, "attempt.json");
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), secretNames: ["KEY", "OTHER"] }));
  const { coordinator } = await openHouse({ directory });
  const report = await coordinator.outcome({ id: said.id, fencingToken: TOKEN });
  expect(report).toMatchObject({ outcome: FAILED, reason: TaskReason.LOST });
});
