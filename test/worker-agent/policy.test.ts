import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "@jest/globals";
import { AttemptOutcome, TaskReason, TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";
import { isLoopback } from "../../sdk/typescript/connection/local-connection.ts";
import { planCommand } from "../../worker-agent/executors/command/command-line.ts";
import { readPolicy } from "../../worker-agent/policy.ts";
import { openHouse } from "../support/agent-house.ts";

const remote = (...allow: string[]) => readPolicy({ TSS_AGENT_ALLOW: allow, TSS_COORDINATOR: "10.0.0.5:7400" });
const local = (...allow: string[]) => readPolicy({ TSS_AGENT_ALLOW: allow, TSS_COORDINATOR: "127.0.0.1:7400" });
const plan = (spec: MessageInitShape<typeof TaskSpecSchema>, policy = remote("ffmpeg")) =>
  planCommand(create(TaskSpecSchema, spec), policy, "hand");

test.each([
  ["127.0.0.1:7400", true],
  ["localhost:7400", true],
  ["[::1]:7400", true],
  ["127.0.0.1:7400,10.0.0.5:7400", false],
  ["127.0.0.1.example.org:7400", false],
  ["coordinator:7400", false],
])("%s is loopback: %s", (address, expected) => {
  expect(isLoopback(address)).toBe(expected);
});

test("a coordinator on this host may run everything unless the agent names what", () => {
  expect(local().kind).toBe("everything");
  expect(local("ffmpeg").kind).toBe("named");
  expect(remote().kind).toBe("named");
  expect(remote("*").kind).toBe("everything");
  expect(remote("sh").kind).toBe("everything");
});

test("a named program runs without a shell, from argv or from a line of plain words", () => {
  const expected = { kind: "run", program: "ffmpeg", args: ["-i", "a.mp4"], resolve: true };
  expect(plan({ argv: ["ffmpeg", "-i", "a.mp4"] })).toEqual(expected);
  expect(plan({ command: " ffmpeg -i  a.mp4 " })).toEqual(expected);
  expect(plan({ argv: ["ffmpeg", "; rm -rf /", "$(id)"] })).toMatchObject({ args: ["; rm -rf /", "$(id)"] });
});

test.each([
  "ffmpeg; id",
  "ffmpeg $(id)",
  "ffmpeg `id`",
  "ffmpeg | id",
  "ffmpeg > x",
  "ffmpeg\nid",
  "ffmpeg *",
  "ffmpeg ~",
  'ffmpeg "a"',
  "A=1 ffmpeg",
  "",
])("the line %j needs a shell and is refused", (command) => {
  expect(plan({ command })).toMatchObject({ kind: "refused" });
});

test("a path is not the name, and the name is not a path", () => {
  expect(plan({ argv: ["/tmp/ffmpeg"] }).kind).toBe("refused");
  expect(plan({ argv: ["ffmpeg"] }, remote("/usr/bin/ffmpeg")).kind).toBe("refused");
});

test.each(["PATH", "LD_PRELOAD", "BASH_ENV", "NODE_OPTIONS", "PYTHONPATH", "BASH_FUNC_x%%"])(
  "with named programs a task may not set %s",
  (name) => {
    expect(plan({ argv: ["ffmpeg"], env: { [name]: "x" } })).toMatchObject({ kind: "refused" });
  },
);

test("a refused command is rejected in a sentence that names the setting, and never runs", async () => {
  const { coordinator } = await openHouse({ settings: { TSS_COORDINATOR: "10.0.0.5:7400", TSS_AGENT_ALLOW: "echo" } });
  const refused = coordinator.lease({ command: "touch /tmp/never; echo x" });
  const report = await coordinator.outcome(refused);
  expect(report).toMatchObject({ outcome: AttemptOutcome.FAILED, reason: TaskReason.REJECTED });
  expect(report.error?.message).toBe(
    "Agent hand runs no shell lines because its TSS_AGENT_ALLOW names only echo; submit a program with its arguments, or put * into TSS_AGENT_ALLOW on that agent.",
  );
  const allowed = coordinator.lease({ argv: ["echo", "$HOME"] });
  expect((await coordinator.outcome(allowed)).outcome).toBe(AttemptOutcome.SUCCEEDED);
  expect(coordinator.output(allowed).toString()).toBe("$HOME\n");
});

test("a task for a handler is rejected: an agent runs commands only", async () => {
  const { coordinator } = await openHouse();
  const report = await coordinator.outcome(coordinator.lease({ type: "resize" }));
  expect(report).toMatchObject({ outcome: AttemptOutcome.FAILED, reason: TaskReason.REJECTED });
  expect(report.error?.message).toContain('type "resize"');
});

test("an id that is no id never becomes a path", async () => {
  const { agent, coordinator } = await openHouse();
  const report = await coordinator.outcome(coordinator.lease({ command: "exit 0" }, { id: "../../escape" }));
  expect(report).toMatchObject({ outcome: AttemptOutcome.FAILED, reason: TaskReason.SPAWN_ERROR });
  expect(agent.name).toBe("hand");
});
