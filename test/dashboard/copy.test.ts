import { execFileSync } from "node:child_process";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { asPython } from "../../gateway/dashboard/src/copy/as-python.ts";
import { asCommandLine, asCurl, asTypeScript } from "../../gateway/dashboard/src/copy/copy-as.ts";
import { shellQuote } from "../../gateway/dashboard/src/copy/shell-quote.ts";
import { checkDraft } from "../../gateway/dashboard/src/submit/check-draft.ts";
import { BLANK, draftLike } from "../../gateway/dashboard/src/submit/draft.ts";
import { taskEvents } from "../../gateway/dashboard/src/task/task-events.ts";
import type { TaskSpecJson } from "../../proto/gen/tss/v1/task_pb.js";

describe("a task as a call", () => {
  const spec = {
    name: "it's\n$HOME `x`",
    command: "echo \"a\" 'b' \\",
    queue: "mail",
    timeout: "90.5s",
    retry: { limit: 3, interval: "5s", backoff: "RETRY_BACKOFF_FIXED" },
    labels: { customer: "4 2" },
    payload: { data: btoa('{"a":1}'), contentType: "application/json" },
  } as const;

  test("a shell gives every word as it was", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme" }).filter((word) => !word.includes("\0")),
        (word) => {
          expect(execFileSync("sh", ["-c", `printf %s ${shellQuote(word)}`]).toString()).toBe(word);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("the command line carries all of it", () => {
    const words = execFileSync("sh", ["-c", `printf '%s\\0' ${asCommandLine(spec)}`])
      .toString()
      .split("\0");
    const after = (flag: string) => words[words.indexOf(flag) + 1];
    expect(words.slice(0, 3)).toEqual(["tss", "task", "create"]);
    expect([
      after("--name"),
      after("--command"),
      after("--timeout"),
      after("--retries"),
      after("--retry-backoff"),
    ]).toEqual([spec.name, spec.command, "90.5s", "3", "fixed"]);
    expect([after("--label"), after("--payload"), after("--retry-interval")]).toEqual([
      "customer=4 2",
      '{"a":1}',
      "5s",
    ]);
  });

  test("curl sends what REST takes", () => {
    const text = execFileSync("sh", [
      "-c",
      `curl() { printf '%s\\0' "$@"; }; ${asCurl(spec, "http://h/sub/")}`,
    ]).toString();
    const words = text.split("\0");
    expect(words[1]).toBe("http://h/sub/task/submit");
    expect(JSON.parse(words[words.indexOf("-d") + 1] ?? "")).toEqual({
      name: spec.name,
      command: spec.command,
      queue: "mail",
      payload: { a: 1 },
      labels: { customer: "4 2" },
      timeout: 90.5,
      retry: { limit: 3, interval: 5, backoff: "fixed" },
    });
  });

  test("Python is a program that submits the task, whatever it runs", () => {
    const stub = `
import json, sys, types
tss = types.ModuleType("tss")
tss.Retry = lambda **policy: policy
tss.task = lambda type, input=None, **options: dict(type=type, input=input, **options)
tss.command = lambda line, **options: dict(command=line, **options)
tss.TaskRequest = lambda options, **request: dict(request, **options)
class Client:
    def submit(self, task):
        return types.SimpleNamespace(id=json.dumps(task))
tss.Client = Client
sys.modules["tss"] = tss
`;
    const run = (of: TaskSpecJson) =>
      JSON.parse(execFileSync("python3", ["-c", stub + asPython(of)], { encoding: "utf8" }));
    const odd = { name: "a 'b' \"c\"\\ \u2028 \u{1f6d1}", argv: ["convert", "a b"], priority: -3, env: { A: "1\n2" } };
    expect(run(odd)).toEqual({ name: odd.name, command: odd.argv, priority: -3, env: odd.env });
    expect(run(spec)).toEqual({
      ...{ name: spec.name, command: spec.command, queue: "mail", input: { a: 1 } },
      ...{ labels: { customer: "4 2" }, timeout: 90.5, retry: { limit: 3, interval: 5, backoff: "fixed" } },
    });
    const { command: _, ...rest } = spec;
    expect(run({ ...rest, type: "mail.send" })).toMatchObject({ type: "mail.send", input: { a: 1 }, timeout: 90.5 });
  });

  test("every form names the locks", () => {
    const locked: TaskSpecJson = {
      name: "n",
      command: "true",
      locks: [{ name: "deploy" }, { name: "gpu", permits: 2 }],
    };
    const both = '["deploy",{"name":"gpu","permits":2}]';
    expect(asCommandLine(locked)).toContain("--lock deploy --lock gpu:2");
    expect(asCurl(locked, "http://h")).toContain(`"locks":${both}`);
    expect(asPython(locked)).toContain('locks=["deploy", tss.LockNeed(name="gpu", permits=2)]');
    const task = new Function(`return ${/client\.submit\(([\s\S]*)\);\nconsole/.exec(asTypeScript(locked))?.[1]}`)();
    expect(task.locks).toEqual(JSON.parse(both));
    const draft = draftLike({ spec: locked });
    expect(draft.locks).toBe("deploy\ngpu:2");
    expect(checkDraft(draft)).toMatchObject({ problems: {}, spec: { locks: locked.locks } });
  });

  test.each([
    ["Deploy", '"Deploy" is no name of a lock.'],
    ["gpu:0", "After the colon of gpu: 1 to 10000 permits."],
    ["gpu:", "After the colon of gpu: 1 to 10000 permits."],
    ["a\na", "Each lock once."],
    ["a,b,c,d,e,f,g,h,i", "At most 8 locks."],
  ])("locks of %j are refused in the form", (locks, message) => {
    expect(checkDraft({ ...BLANK, command: "true", locks }).problems).toEqual({ locks: message });
  });

  test("events say which locks an attempt holds", () => {
    const at = "2026-01-01T00:00:00Z";
    const attempts = [{ number: 1, leasedAt: at, locks: [{ name: "db", token: "12" }] }];
    expect(taskEvents({ attempts }).map(({ text }) => text)).toContain("Attempt 1 holds db with token 12");
  });

  test("TypeScript counts in milliseconds", () => {
    const text = asTypeScript(spec);
    const task = new Function(`return ${/client\.submit\(([\s\S]*)\);\nconsole/.exec(text)?.[1]}`)();
    expect(task).toMatchObject({ timeoutMs: 90_500, retry: { intervalMs: 5_000, backoff: "fixed" }, input: { a: 1 } });
  });
});
