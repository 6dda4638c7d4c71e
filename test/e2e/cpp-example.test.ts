import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { buildCppExample } from "../support/cpp-example.ts";
import { type SdkSystem, startSdkSystem } from "../support/sdk-system.ts";

/** The stubs that protoc generates for C++, and gRPC's own library: no SDK of ours is in these programs. */

/** Debian's packages are fetched and some 25 000 generated lines compiled, once. */
const PATIENCE_MS = 900_000;

let programs: string;
let system: SdkSystem;
beforeAll(async () => {
  programs = await buildCppExample();
  system = await startSdkSystem();
}, PATIENCE_MS);
afterAll(() => system?.close());

function start(program: "submit" | "worker", args: readonly string[] = [], settings: Record<string, string> = {}) {
  const child = spawn(join(programs, program), args, {
    env: { TSS_COORDINATOR: system.address, TSS_API_KEY: system.apiKey, ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const heard = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      heard.resolve();
    });
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, output }));
  return { child, heard: heard.promise, ended };
}

/** A worker that is greeted; ended by SIGTERM when `body` has. */
async function withWorker(pauseMs: number, body: () => Promise<void>): Promise<string> {
  const { child, heard, ended } = start("worker", [String(pauseMs)]);
  try {
    await heard;
    await body();
    child.kill("SIGTERM");
    const { code, output } = await ended;
    expect([code, output]).toEqual([0, expect.stringMatching(/^connected\n/)]);
    return output;
  } finally {
    child.kill("SIGKILL");
  }
}

test("submitted in C++, run by a worker in C++, read by an SDK, and the other way round", async () => {
  await withWorker(0, async () => {
    const submit = await start("submit", ["3", "-4", "50"]).ended;
    expect(submit).toMatchObject({ code: 0 });
    expect(submit.output).toMatch(/^submitted \S{26}\nsucceeded \{"sum":49,"count":3\}\n$/);
    const id = /submitted (\S+)/.exec(submit.output)?.[1] as string;
    const client = system.client();
    const read = client.task<{ sum: number; count: number }>(id);
    expect(await read.get()).toMatchObject({
      status: "succeeded",
      startedAt: expect.any(Date),
      progress: { percent: 100, message: "added 50" },
    });
    expect(await read.result()).toEqual({ sum: 49, count: 3 });
    const task = await client.submit({ type: "numbers.sum", input: [1, 2, 3] });
    expect(await task.result()).toEqual({ sum: 6, count: 3 });
  });
});

test("a failure is told with its message and not tried again; what is refused says why", async () => {
  await withWorker(0, async () => {
    expect(await start("submit", ["one"]).ended).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^submitted \S+\nfailed: The payload is not a list of numbers\.\n$/),
    });
  });
  const wrong = { TSS_API_KEY: "tss_wrong" };
  const sentence = /^The API key is [^\n]+\n$/;
  expect(await start("submit", ["1"], wrong).ended).toEqual({ code: 2, output: expect.stringMatching(sentence) });
  expect(await start("worker", [], wrong).ended).toEqual({ code: 1, output: expect.stringMatching(sentence) });
  const away = await start("submit", ["1"], { TSS_COORDINATOR: "127.0.0.1:1" }).ended;
  expect(away).toEqual({ code: 2, output: expect.stringMatching(/^No coordinator answers at 127\.0\.0\.1:1 \(/) });
});

test("a cancel reaches the worker while it adds", async () => {
  const said = await withWorker(50, async () => {
    const client = system.client();
    const numbers = Array.from({ length: 10_000 }, (_, index) => index);
    const task = await client.submit({ type: "numbers.sum", input: numbers });
    for await (const { progress } of task.watch()) if (progress !== undefined) break;
    await task.cancel();
    expect(await task.wait()).toMatchObject({ status: "cancelled", reason: "aborted" });
  });
  expect(said).toMatch(/\nstopped after \d+\n/);
});
