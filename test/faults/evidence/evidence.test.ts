import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { until } from "../../support/until.ts";
import { keepEvidence, readEvidence } from "./evidence-file.ts";
import { openHistory, readHistory } from "./history.ts";
import { openLedger, parseLine } from "./ledger.ts";
import { CLOCK_GRAIN_MS, now } from "./run-clock.ts";

const folder = mkdtempSync(join(tmpdir(), "tss-evidence-"));
const ledger = openLedger(folder);
afterAll(() => {
  ledger.close();
  rmSync(folder, { recursive: true });
});

function run(task: string, attempt: number, kind: string, ...files: string[]) {
  const child = spawn("/bin/sh", ["-c", ledger.command(kind, ...files)], {
    env: {
      ...{
        PATH: process.env["PATH"],
        TSS_TASK_ID: task,
        TSS_ATTEMPT: String(attempt),
        TSS_FENCING_TOKEN: `${attempt}00`,
      },
      ...{ TSS_OUTPUT: join(folder, `${task}-${attempt}`), ...ledger.environment("a1") },
    },
  });
  return { child, code: once(child, "exit").then(([code]) => code as number | null) };
}

const linesOf = (task: string) => ledger.lines().filter((line) => line.task === task);

test("a command writes that it began, how it ended, and its token as its result", async () => {
  const before = now();
  const { child, code } = run("t1", 1, "ok");
  expect(await code).toBe(0);
  const line = { task: "t1", attempt: 1, token: 100, agent: "a1", pid: child.pid };
  expect(linesOf("t1")).toMatchObject([
    { ...line, what: "start" },
    { ...line, what: "end", code: 0 },
  ]);
  expect(readFileSync(join(folder, "t1-1"), "utf8")).toBe('"100"');
  for (const { t } of linesOf("t1")) {
    expect(t).toBeGreaterThanOrEqual(before - CLOCK_GRAIN_MS);
    expect(t).toBeLessThanOrEqual(now() + CLOCK_GRAIN_MS);
  }
});

test("commands that fail, fail once, wait, or never end", async () => {
  const [gate, gate2] = [join(folder, "gate"), join(folder, "gate2")];
  expect(await run("f", 1, "fail").code).toBe(7);
  expect([await run("y", 1, "flaky").code, await run("y", 2, "flaky").code]).toEqual([7, 0]);
  const waiting = [run("l", 1, "long", "-", gate), run("s", 1, "stale", gate, gate2)];
  const [later, endless] = [run("s", 2, "stale", gate, gate2), run("e", 1, "endless")];
  await until("all to give a sign", () =>
    ["l", "s", "e"].every((task) => linesOf(task).some(({ what }) => what === "beat")),
  );
  writeFileSync(gate, "");
  expect(await Promise.all(waiting.map(({ code }) => code))).toEqual([0, 0]);
  writeFileSync(gate2, "");
  expect(await later.code).toBe(0);
  endless.child.kill("SIGTERM");
  expect(await endless.code).toBe(null);
  expect(linesOf("e").map(({ what }) => what)).not.toContain("end");
});

test("lines of many commands do not mix", async () => {
  const codes = await Promise.all(Array.from({ length: 40 }, (_, at) => run(`many-${at}`, 1, "ok").code));
  expect(codes).toEqual(codes.map(() => 0));
  for (let at = 0; at < 40; at++) expect(linesOf(`many-${at}`).map(({ what }) => what)).toEqual(["start", "end"]);
});

test.each(["", "start t 1 2 a 3", "stop t 1 2 a 3 4.5 -"])("%j is no line of a ledger", (text) => {
  expect(() => parseLine(text)).toThrow("no line of a ledger");
});

test("a history says what was asked, what came of it, and what is in doubt", async () => {
  const file = join(folder, "history");
  const history = openHistory(file);
  const question = { op: "get", client: "c1", via: "one", id: "x" } as const;
  const make = (code?: string) => async () => {
    if (code !== undefined) throw Object.assign(new Error(), { code });
    return "x";
  };
  const answer = { status: "waiting", reason: "ready", attempt: 0 } as const;
  await history.call(question, make(), () => answer);
  await expect(history.call(question, make("NOT_FOUND"), () => answer)).rejects.toThrow();
  await expect(history.call(question, make("UNAVAILABLE"), () => answer)).rejects.toThrow();
  void history.call(
    question,
    () => new Promise(() => {}),
    () => answer,
  );
  history.saw({ watcher: "w", id: "x", ...answer });
  history.effect({ lock: "l", token: 3, accepted: true });
  expect([history.made, history.done]).toEqual([4, 1]);
  const { calls, sights, effects } = readHistory(file);
  expect(calls).toMatchObject([
    { ...question, call: 0, outcome: "ok", answer },
    { outcome: "fail", code: "NOT_FOUND" },
    { outcome: "info", code: "UNAVAILABLE", ended: Number.POSITIVE_INFINITY },
    { outcome: "info", ended: Number.POSITIVE_INFINITY },
  ]);
  expect(calls[0]!.began).toBeLessThanOrEqual(calls[0]!.ended);
  expect(sights).toMatchObject([{ watcher: "w", id: "x", ...answer }]);
  expect(effects).toMatchObject([{ lock: "l", token: 3, accepted: true }]);
});

test("evidence that was kept is what it was", () => {
  const never = Number.POSITIVE_INFINITY;
  const call = {
    op: "get",
    call: 1,
    client: "c",
    via: "c1",
    id: "x",
    began: 1,
    ended: never,
    outcome: "info",
  } as const;
  const task = { id: "x", name: "n", status: "succeeded", reason: "unspecified", attempt: 1, exitCode: null } as const;
  const evidence = {
    ...{
      calls: [call],
      sights: [],
      effects: [],
      ledger: [],
      alive: [],
      final: [{ ...task, result: "", attempts: [] }],
    },
    disturbed: [{ agent: "a1", from: 1, to: never }],
    terms: { leaseTtlMs: 1, slackMs: 2, stalledMs: 3 },
  };
  keepEvidence(folder, evidence);
  expect(readEvidence(folder)).toEqual(evidence);
});
