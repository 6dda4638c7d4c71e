import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createClient, LockLostError } from "../../sdk/typescript/index.ts";
import { CODE_CACHE } from "../support/code-cache.ts";
import { type DevSystem, startDev } from "../support/dev-system.ts";
import { isRunning } from "../support/is-running.ts";
import { TSS } from "../support/run-tss.ts";
import { until } from "../support/until.ts";

/** Locks as users meet them: on the command line, over REST and in the SDK, on one running system. */
let system: DevSystem;
beforeAll(async () => {
  system = await startDev();
});
afterAll(async () => {
  expect(await system.stop()).toBe(0);
});

const tss = (...args: string[]) => system.tss(...args);
const json = async (...args: string[]) => JSON.parse((await tss(...args, "--json")).stdout);
const post = (path: string, body: unknown) => system.rest(path, { method: "POST", body: JSON.stringify(body) });

/** `tss` in the background, with what it has written. */
function start(...args: string[]): { child: ChildProcess; text: () => string; ended: Promise<number | null> } {
  const { PATH = "" } = process.env;
  const child = spawn(process.execPath, [TSS, ...args], {
    cwd: system.folder,
    env: { PATH, HOME: system.folder, ...CODE_CACHE, TSS_COORDINATOR: system.coordinator },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (text += chunk));
  return { child, text: () => text, ended: once(child, "close").then(([code]) => code) };
}

describe("tss lock", () => {
  test("acquire prints a token by which the lock is renewed and released", async () => {
    const first = await tss("lock", "acquire", "deploy", "--ttl", "5m", "--holder", "me");
    expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\n$/), stderr: "" });
    const token = first.stdout.trim();
    expect((await tss("lock", "list")).stdout).toMatch(
      new RegExp(`^LOCK .*\\ndeploy +1/1 +0 +${token} +me .* ago|now`),
    );
    expect((await tss("locks", "show", "deploy")).stdout).toMatch(/Held by +me\nToken +\d+/);
    const busy = await tss("lock", "acquire", "deploy", "--wait", "0s");
    expect(busy).toMatchObject({ code: 6, stdout: "", stderr: 'Error: The lock "deploy" is held by me.\n' });
    expect((await tss("lock", "renew", "deploy", token, "--ttl", "10m")).stdout).toMatch(
      /^deploy is held for another (10m|9m \d+s)\.\n$/,
    );
    for (const verb of ["renew", "release"])
      expect(await tss("lock", verb, "deploy", "1")).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^Error: The lock "deploy" is not held with token 1: .+\.\n$/),
      });
    expect(await tss("lock", "release", "deploy", token)).toMatchObject({ code: 0, stdout: "deploy is released.\n" });
    expect(await json("lock", "list")).toEqual({ locks: [], more: false });
    const { token: second } = await json("lock", "acquire", "deploy");
    expect(second).toBeGreaterThan(Number(token));
    expect(await tss("lock", "force-release", "deploy")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(new RegExp(`^deploy was taken from .+ pid \\d+ \\(token ${second}\\)\\.\\n$`)),
    });
    expect((await tss("lock", "force-release", "deploy")).stderr).toBe("Nobody holds deploy.\n");
  });

  test.each([
    [["acquire", "deploy", "--ttl", "0s"], 2, "ttl must be from 1s to 1d (it is 0s)."],
    [["acquire", "deploy", "--ttl", "365d"], 2, "ttl must be from 1s to 1d (it is 365d)."],
    [["acquire", "deploy", "--ttl", "-5s"], 2, ""],
    [["acquire", "Deploy!"], 2, "name must be 1–63 characters"],
    [["release", "deploy", "abc"], 2, '"abc" is not a token: it is the number that acquire printed'],
    [["run", "deploy"], 2, 'The command to run comes after "--": tss lock run deploy -- ./deploy.sh'],
  ])("lock %j is refused with one sentence", async (args, code, sentence) => {
    const answer = await tss("lock", ...args);
    expect(answer).toMatchObject({ code, stdout: "" });
    expect(answer.stderr).toContain(sentence);
    expect(answer.stderr).not.toMatch(/ at .*:\d+/);
  });

  test("run gives the command the lock and its token, and ends with its code", async () => {
    const script = 'echo "$TSS_LOCK_NAME $TSS_LOCK_TOKEN"; exit 7';
    const first = await tss("lock", "run", "job", "--", "sh", "-c", script);
    expect(first).toMatchObject({ code: 7, stdout: expect.stringMatching(/^job \d+\n$/) });
    expect((await json("lock", "show", "job")).holders).toEqual([]);
    const second = await tss("lock", "run", "job", "--json", "--", "sh", "-c", "echo out; kill -9 $$");
    expect(second).toMatchObject({ code: 137, stderr: "out\n" });
    const document = JSON.parse(second.stdout);
    expect(document).toMatchObject({ lock: "job", exitCode: 137, lost: false });
    expect(document.token).toBeGreaterThan(Number(first.stdout.split(" ")[1]));
    const missing = await tss("lock", "run", "job", "--", "no-such-program-here");
    expect(missing).toMatchObject({ code: 127, stderr: expect.stringContaining("there is no such program") });
    // A `tss` inside is not confused by the names that it was given.
    expect(await tss("lock", "run", "job", "--", process.execPath, TSS, "lock", "list")).toMatchObject({ code: 0 });
  });

  test("two that run under one lock take turns", async () => {
    const file = join(system.folder, "turns");
    writeFileSync(file, "");
    const script = `echo in >> ${file}; sleep 0.2; echo out >> ${file}`;
    const runs = Array.from({ length: 3 }, () => start("lock", "run", "turns", "--", "sh", "-c", script));
    expect(await Promise.all(runs.map((run) => run.ended))).toEqual([0, 0, 0]);
    expect(readFileSync(file, "utf8")).toBe("in\nout\n".repeat(3));
  });

  test("a command is ended when its lock is lost", async () => {
    const run = start(
      "lock",
      "run",
      "lost",
      "--ttl",
      "1s",
      "--",
      "sh",
      "-c",
      "trap 'echo told; exit 3' TERM; echo works; while :; do sleep 0.05; done",
    );
    await until("it to work under the lock", () => run.text().includes("works"));
    await tss("lock", "force-release", "lost");
    expect(await run.ended).toBe(3);
    expect(run.text()).toMatch(/The lock "lost" \(token \d+\) is lost: .+\. The command is told to end\.\n(.|\n)*told/);
  });

  test("what a command has started ends with it, though the shell that waits for it dies first", async () => {
    const file = join(system.folder, "started");
    const script = `sh -c 'echo $$ > ${file}; while :; do sleep 0.05; done'; true`;
    const run = start("lock", "run", "tree", "--ttl", "1s", "--", "sh", "-c", script);
    await until("it to be there", () => existsSync(file) && readFileSync(file, "utf8") !== "");
    await tss("lock", "force-release", "tree");
    expect(await run.ended).toBe(143);
    expect(isRunning(Number(readFileSync(file, "utf8")))).toBe(false);
  });

  test("a lock outlives its first term while a command runs; who waits leaves the line by Ctrl-C", async () => {
    const run = start("lock", "run", "long", "--ttl", "4s", "--", "sleep", "60");
    await until("it to hold the lock", async () => (await json("lock", "show", "long")).holders.length === 1);
    const { token } = (await json("lock", "show", "long")).holders[0];
    const waits = start("lock", "run", "long", "--", "true");
    await until("the other to wait", () => waits.text().includes("Waiting for long: held by"));
    expect(await tss("lock", "acquire", "long", "--wait", "5s")).toMatchObject({ code: 6 });
    expect((await json("lock", "show", "long")).holders[0].token).toBe(token);
    waits.child.kill("SIGINT");
    expect(await waits.ended).toBe(130);
    await until("the line to be empty", async () => (await json("lock", "show", "long")).waiting === 0);
    run.child.kill("SIGTERM");
    expect(await run.ended).toBe(143);
    expect((await json("lock", "show", "long")).holders).toEqual([]);
  });
});

test("REST: acquire, renew, query, list, release, force-release", async () => {
  const acquire = async (body: object) => (await (await post("/lock/acquire", body)).json()) as never as Answer;
  interface Answer {
    acquired: boolean;
    token: number;
    expiresIn?: number;
    requestId: string;
    lock: { waiting: number };
  }
  const first = await acquire({ name: "web", ttl: 60, holder: "browser" });
  expect(first).toMatchObject({ acquired: true, token: expect.any(Number), lock: { name: "web", permits: 1 } });
  expect(await acquire({ name: "web" })).toMatchObject({
    acquired: false,
    lock: { holders: [{ token: first.token, holder: "browser", ttl: 60 }] },
  });
  expect(await acquire({ name: "web", requestId: first.requestId })).toMatchObject({ token: first.token });
  const waiting = acquire({ name: "web", wait: 60 });
  const query = async () => ((await (await system.rest("/lock/query/web")).json()) as { lock: Answer["lock"] }).lock;
  await until("it to wait", async () => (await query()).waiting === 1);
  const renewed = await post("/lock/renew/web", { token: first.token, ttl: 120 });
  expect([renewed.status, (await renewed.json()) as object]).toEqual([200, { expiresIn: expect.any(Number) }]);
  expect(await (await system.rest("/lock/list?prefix=we")).json()).toMatchObject({
    locks: [{ name: "web", waiting: 1 }],
  });
  expect(await (await post("/lock/release/web", { token: first.token })).json()).toEqual({ changed: true });
  const second = await waiting;
  expect(second.token).toBeGreaterThan(first.token);
  const late = await post("/lock/renew/web", { token: first.token });
  expect(late.status).toBe(409);
  expect(await late.json()).toMatchObject({ reason: "LOCK_NOT_HELD", detail: expect.stringContaining("is not held") });
  expect(await (await post("/lock/force-release/web", {})).json()).toMatchObject({
    released: [{ token: second.token }],
    lock: { name: "web" },
  });
  expect((await post("/lock/acquire", { name: "web", ttl: 0 })).status).toBe(400);
});

describe("the SDK", () => {
  const client = () => createClient({ address: system.coordinator, apiKey: system.key });

  test("withLock lets one work at a time, with tokens that rise, and gives back what the work gives", async () => {
    const clients = [client(), client()];
    let inside = 0;
    const tokens: number[] = [];
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        clients[n % 2]!.withLock("sdk", { ttlMs: 60_000 }, async ({ token }) => {
          expect(++inside).toBe(1);
          await new Promise((resolve) => setImmediate(resolve));
          tokens.push(token);
          inside--;
          return n;
        }),
      ),
    );
    expect(results).toEqual(Array.from({ length: 12 }, (_, n) => n));
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
    for (const one of clients) await one.close();
  });

  test("withLock lets go when the work fails, says when a lock is busy, and when it was lost", async () => {
    const one = client();
    await expect(one.withLock("sdk", {}, () => Promise.reject(new Error("no luck")))).rejects.toThrow("no luck");
    await one.withLock("sdk", { waitMs: 0, holder: "first" }, async () => {
      await expect(one.withLock("sdk", { waitMs: 0 }, () => 1)).rejects.toMatchObject({
        code: "DEADLINE_EXCEEDED",
        reason: "LOCK_BUSY",
        message: 'The lock "sdk" is held by first.',
      });
    });
    const lost = one.withLock("sdk", { ttlMs: 1_000 }, async (lock) => {
      await post("/lock/force-release/sdk", {});
      await new Promise((resolve) => lock.signal.addEventListener("abort", resolve, { once: true }));
    });
    await expect(lost).rejects.toBeInstanceOf(LockLostError);
    await one.close();
  });
});
