import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { findFolder, install } from "../support/binaries.ts";
import { type DevSystem, startDev } from "../support/dev-system.ts";
import { blocksOf } from "../support/doc-blocks.ts";
import { PYTHON_SDK, pythonVenv } from "../support/python.ts";
import { ROOT, type Started, startProgram } from "../support/run-tss.ts";
import { until } from "../support/until.ts";

const BLOCKS = blocksOf(join(ROOT, "docs/guides/web-developer.md"));

let system: DevSystem;

beforeAll(async () => {
  if (findFolder(["curl"]) === undefined) install(["curl"]);
  system = await startDev();
});

afterAll(async () => {
  await system.stop();
  rmSync(system.folder, { recursive: true, force: true });
});

test("code on the page stands in the examples", () => {
  const code = BLOCKS.filter(({ language }) => language === "ts" || language === "python");
  expect(code.length).toBeGreaterThan(8);
  for (const { language, label, text } of code) {
    const file = readFileSync(join(ROOT, label), "utf8").replace("../../sdk/typescript/index.ts", "tss");
    // A part from within a function stands at the margin on the page.
    const shown = language === "ts" ? (lines: string) => lines.replace(/^ +/gm, "") : (lines: string) => lines;
    expect(shown(file)).toContain(shown(text));
  }
});

test("Express: every answer is the one that the page shows", () => followPage("express", {}), 120_000);

test("FastAPI: every answer is the one that the page shows", async () => {
  const { python } = await pythonVenv();
  await followPage("fastapi", { python });
}, 300_000);

/** Starts the programs as the block of that label says, and gives the commands of the page in their order. */
async function followPage(label: string, interpreters: Readonly<Record<string, string>>): Promise<void> {
  const lines =
    BLOCKS.find((block) => block.label === label)
      ?.text.trim()
      .split("\n") ?? [];
  expect(lines).toHaveLength(2);
  const started = lines.map((line) => start(line, interpreters));
  try {
    await Promise.all([started[0]?.says("waiting for tasks"), started[1]?.says("http://127.0.0.1:")]);
    const address = /127\.0\.0\.1:\d+/.exec(`${started[1]?.stdout()}${started[1]?.stderr()}`)?.[0] ?? "";
    const user = `ada-${label}`;
    const lastId = await giveCommands(address, user);
    const stranger = await fetch(`http://${address}/reports/${lastId}`, { headers: { "x-user": "bob" } });
    expect(stranger.status).toBe(404);
    const other = await fetch(`http://${address}/reports`, {
      method: "POST",
      headers: { "x-user": user, "content-type": "application/json", "idempotency-key": "january" },
      body: JSON.stringify({ month: "2026-02" }),
    });
    expect([other.status, await other.json()]).toEqual([409, { error: expect.stringContaining("key") }]);
  } finally {
    for (const { child } of started) child.kill("SIGTERM");
    await Promise.all(started.map(({ finished }) => finished));
    rmSync(join(system.folder, "sales"), { recursive: true, force: true });
  }
  const [worker, server] = await Promise.all(started.map(({ finished }) => finished));
  expect(worker).toMatchObject({ code: 0 });
  // uvicorn leaves, when all is closed, by the signal it was given.
  expect(server?.code === 0 || server?.stderr.includes("Application shutdown complete")).toBe(true);
}

/**
 * Blocks of commands, each with the answer that stands behind it; what a GET shows may come a moment later.
 * @returns the last id of an answer.
 */
async function giveCommands(address: string, user: string): Promise<string> {
  let lastId = "";
  const shown = BLOCKS.slice(BLOCKS.findIndex(({ label }) => label === "fastapi") + 1);
  expect(shown.map(({ language }) => language)).toEqual(shown.map((_, at) => (at % 2 === 0 ? "sh" : "json")));
  for (let at = 0; at < shown.length; at += 2) {
    const command =
      shown[at]?.text
        .replaceAll("localhost:3000", address)
        .replaceAll("x-user: ada", `x-user: ${user}`)
        .replaceAll("ID", lastId) ?? "";
    const pattern = JSON.parse(shown[at + 1]?.text ?? "") as Record<string, unknown>;
    let answer: Record<string, unknown> = {};
    const matches = () => {
      const { status, stdout, stderr } = spawnSync("sh", ["-euc", command], { cwd: system.folder, encoding: "utf8" });
      if (status !== 0) throw new Error(`${command}\n${stdout}${stderr}`);
      answer = JSON.parse(stdout.trim().replace(/^.*\}(?=\{)/s, "")) as Record<string, unknown>;
      return (
        "id" in pattern || Object.entries(pattern).every(([name, value]) => isDeepStrictEqual(answer[name], value))
      );
    };
    await until(`${command}to answer ${JSON.stringify(pattern)}`, matches, 45_000);
    if (command.includes("january") && lastId !== "") expect(answer["id"]).toBe(lastId);
    if ("id" in pattern) lastId = String(answer["id"]);
  }
  expect(lastId).toMatch(/^\S{26}$/);
  return lastId;
}

/** A program of the page, in the folder of the system, on a free port. */
function start(line: string, interpreters: Readonly<Record<string, string>>): Started {
  const words = line.replace(/^npx /, "").replace("3000", "0").replaceAll("examples/", `${ROOT}/examples/`).split(" ");
  const [program = "", ...args] = words;
  const env = { PYTHONPATH: PYTHON_SDK, PYTHONDONTWRITEBYTECODE: "1", PORT: "0", TSS_COORDINATOR: system.coordinator };
  return startProgram(interpreters[program] ?? process.execPath, args, { cwd: system.folder, env });
}
