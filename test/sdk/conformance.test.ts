import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { COMMANDS, commandOf } from "../../sdk/conformance/runner/commands.ts";
import { expand } from "../../sdk/conformance/runner/expand.ts";
import { matches } from "../../sdk/conformance/runner/pattern.ts";
import { canPlay, play } from "../../sdk/conformance/runner/play.ts";
import { readScenarios } from "../../sdk/conformance/runner/scenario.ts";
import { Stage } from "../../sdk/conformance/runner/stage.ts";
import { startSystem } from "../../sdk/conformance/runner/system.ts";

const scenarios = readScenarios();
let system: Awaited<ReturnType<typeof startSystem>>;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());

describe.each(Object.keys(COMMANDS))("%s", (name) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = new Stage(system, await commandOf(name));
  }, 900_000);
  afterAll(() => stage.close());

  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))("%s", async (_name, scenario) => {
    if (await canPlay(scenario, stage)) await play(scenario, stage);
  });
});

/** What one SDK submits and another runs: payloads, errors, progress. */
const SHARED = ["submit", "bytes", "retry later", "fatal", "progress and messages", "big payload", "codecs"];
/** Without an SDK there are commands and agents: no handlers that others could call. */
const SDKS = Object.keys(COMMANDS).filter((name) => name !== "stdio");
const pairs = SDKS.flatMap((submits) =>
  SDKS.filter((works) => works !== submits).map((works) => [submits, works] as const),
);

test.each(pairs)("%s submits, %s works", async (submits, works) => {
  const stage = new Stage(system, await commandOf(submits), await commandOf(works));
  try {
    for (const scenario of scenarios.filter(({ name }) => SHARED.includes(name))) await play(scenario, stage);
  } finally {
    await stage.close();
  }
});

test("the table of docs/conformance.md has every scenario, and a column for every SDK", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/conformance.md"), "utf8");
  const rows = page
    .split("\n")
    .flatMap((line) => (line.startsWith("|") ? [line.split("|").map((cell) => cell.trim())] : []));
  expect(rows[0]).toEqual(["", "scenario", ...Object.keys(COMMANDS), ""]);
  expect(rows.slice(2).map(([, name]) => name)).toEqual(scenarios.map(({ name }) => name));
});

test("patterns match what they say and nothing else", () => {
  expect(matches({ a: 1, b: [1, { c: 2 }] }, { b: [1, {}] })).toBe(true);
  expect(matches({ a: 1, b: [1, 2] }, { b: [1] })).toBe(false);
  expect(matches({ a: null }, { a: { $any: true } })).toBe(true);
  expect(matches({}, { a: { $any: true } })).toBe(false);
  expect(matches({}, { a: { $absent: true } })).toBe(true);
  expect(matches(5, { $above: 5 })).toBe(false);
  expect(matches("a\nb", { $re: "^a.b$" })).toBe(true);
  expect(matches("x", { $oneOf: ["y", { $re: "x" }] })).toBe(true);
});

test("references are put in, and a name nobody kept is told", () => {
  const kept = new Map<string, unknown>([
    ["queue", "q"],
    ["many", { results: [{ id: "a" }] }],
  ]);
  expect(expand({ a: "$many.results.0.id", b: "x-$queue", c: { $repeat: "ab", times: 2 } }, kept)).toEqual({
    a: "a",
    b: "x-q",
    c: "abab",
  });
  expect(() => expand("$nobody.id", kept)).toThrow("nothing is kept under $nobody");
});

test("a scenario that goes otherwise fails, with the step and what was seen", async () => {
  const stage = new Stage(system, await commandOf("typescript"));
  const steps = [
    { do: "submit", as: "task", with: { task: { input: { steps: [] } } } },
    { do: "get", with: { id: "$task.id" }, expect: { status: "succeeded" } },
  ];
  try {
    await expect(play({ name: "wrong", promise: "", steps }, stage)).rejects.toThrow(
      /^step 2 \(get\): the answer is .*"status":"waiting".*; expected \{"status":"succeeded"\}/,
    );
    const refused = [{ do: "get", with: { id: "AAAAAAAAAAAAAAAAAAAAAAAAAA" } }];
    await expect(play({ name: "refused", promise: "", steps: refused }, stage)).rejects.toThrow(/NOT_FOUND.*no error/);
  } finally {
    await stage.close();
  }
});
