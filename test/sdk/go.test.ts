import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { LIMITS } from "../../proto/limits.ts";
import { goEnvironment, goFolder, isNewEnough, runGo } from "../support/go-toolchain.ts";
import { startSdkSystem } from "../support/sdk-system.ts";

const ROOT = join(import.meta.dirname, "../..");
const MODULE = join(ROOT, "sdk/go");
/** A first run fetches modules and compiles gRPC; with warm caches everything here takes less than a minute. */
const PATIENCE_MS = 900_000;

/** What Go says on a machine that has not seen these modules before. */
const withoutDownloads = (text: string) => text.replace(/^go: downloading .*\n/gm, "");

let go = "";
let folder = "";
beforeAll(() => {
  go = goFolder();
  folder = mkdtempSync(join(tmpdir(), "tss-go-"));
}, PATIENCE_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sources = readdirSync(MODULE, { recursive: true, encoding: "utf8" }).filter(
  (name) => name.endsWith(".go") && !name.startsWith("tsspb/"),
);

test(
  "gofmt and go vet have nothing to say",
  async () => {
    expect(await runGo(go, MODULE, "gofmt", ["-l", "."])).toEqual({ code: 0, output: "" });
    const { code, output } = await runGo(go, MODULE, "go", ["vet", "./..."]);
    expect({ code, output: withoutDownloads(output) }).toEqual({ code: 0, output: "" });
  },
  PATIENCE_MS,
);

test(
  "the stubs are what the protos generate (npm run proto:go)",
  () => {
    const { status, stderr } = spawnSync(process.execPath, [join(ROOT, "proto/generate-go.ts"), "--check"], {
      encoding: "utf8",
      env: goEnvironment(go),
    });
    expect([status, withoutDownloads(stderr)]).toEqual([0, ""]);
  },
  PATIENCE_MS,
);

test(
  "go test against a running system, with the race detector where there is a compiler",
  async () => {
    const args = ["test", "-vet=off", "-count=1", "-timeout=10m", "./..."];
    const { code, output } = await runGo(go, MODULE, "go", args);
    if (code !== 0) throw new Error(output);
    expect(output).toMatch(/^ok\s+github\.com\/tss\/tss\/sdk\/go\s/m);
  },
  PATIENCE_MS,
);

test(
  "the example of docs/sdk-go.md: submitted, followed, counted; SIGTERM ends the worker",
  async () => {
    const built = await runGo(go, MODULE, "go", [
      "build",
      "-buildvcs=false",
      "-o",
      folder,
      "./examples/worker",
      "./examples/submit",
    ]);
    expect(built).toEqual({ code: 0, output: "" });
    const system = await startSdkSystem();
    const start = (program: string) => {
      const child = spawn(join(folder, program), {
        env: { PATH: process.env["PATH"], TSS_COORDINATOR: system.address, TSS_API_KEY: system.apiKey },
        stdio: ["ignore", "pipe", "pipe"],
      });
      let output = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (chunk: Buffer) => {
          output += chunk;
        });
      return { child, ended: once(child, "exit"), output: () => output };
    };
    const worker = start("worker");
    try {
      const submit = start("submit");
      expect(await submit.ended).toEqual([0, null]);
      expect(submit.output()).toMatch(/^submitted \S{26}\n(.*\n)*succeeded\n\{Words:6\}\n$/);
      worker.child.kill("SIGTERM");
      expect([await worker.ended, worker.output()]).toEqual([[0, null], expect.stringContaining("is connected")]);
    } finally {
      worker.child.kill("SIGKILL");
      await system.close();
    }
  },
  PATIENCE_MS,
);

test(
  "the programs of its pages compile",
  async () => {
    const pages = ["README.md", "../../docs/sdk-go.md"].map((page) => readFileSync(join(MODULE, page), "utf8"));
    const programs = pages.flatMap((page) =>
      [...page.matchAll(/^```go\n(.*?)^```$/gms)].map(([, text]) => text as string),
    );
    expect(programs.length).toBeGreaterThan(1);
    const module = join(folder, "pages");
    for (const [index, text] of programs.entries()) {
      mkdirSync(join(module, String(index)), { recursive: true });
      writeFileSync(join(module, String(index), "main.go"), text);
    }
    // A program of a user: a module of its own that requires this one.
    const goMod = readFileSync(join(MODULE, "go.mod"), "utf8").replace(/^module .*$/m, "module example.org/pages");
    const own = "github.com/tss/tss/sdk/go";
    writeFileSync(join(module, "go.mod"), `${goMod}\nrequire ${own} v0.0.0\nreplace ${own} => ${MODULE}\n`);
    copyFileSync(join(MODULE, "go.sum"), join(module, "go.sum"));
    expect(await runGo(go, module, "gofmt", ["-l", "."])).toEqual({ code: 0, output: "" });
    expect(await runGo(go, module, "go", ["vet", "./..."])).toEqual({ code: 0, output: "" });
  },
  PATIENCE_MS,
);

test("its limits are those of proto/limits.ts", () => {
  const text = readFileSync(join(MODULE, "limits.go"), "utf8");
  const value = (expression: string): number => {
    const [left = "", right = "0"] = expression.replaceAll("_", "").split("<<");
    return Number(left) * 2 ** Number(right);
  };
  const constants = Object.fromEntries(
    [...text.matchAll(/^\t(\w+) += ([\d_ <]+)$/gm)].map(([, name, expression]) => [name, value(expression as string)]),
  );
  expect(constants).toEqual({
    payloadBytes: LIMITS.payloadBytes,
    contentTypeBytes: LIMITS.contentTypeBytes,
    maxEncodings: LIMITS.encodings,
    tasksPerMessage: LIMITS.tasksPerMessage,
    messageBytes: LIMITS.messageBytes,
    nameCharacters: LIMITS.nameCharacters,
    messagesPerAttempt: LIMITS.messagesPerAttempt,
    errorTypeCharacters: LIMITS.errorTypeCharacters,
    errorMessageBytes: LIMITS.errorMessageBytes,
    progressMessageBytes: LIMITS.progressMessageBytes,
    maxSlots: LIMITS.slots,
  });
  expect(text).toContain(`defaultCancelGrace   = ${LIMITS.cancelGraceDefaultMs / 1_000} * time.Second`);
});

test("its files are short", () => {
  const lengths = sources.map(
    (name) => [name, readFileSync(join(MODULE, name), "utf8").split("\n").length - 1] as const,
  );
  expect(lengths.filter(([, lines]) => lines > 300)).toEqual([]);
  const sorted = lengths.map(([, lines]) => lines).sort((a, b) => a - b);
  expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(100);
});

test.each([
  ["go version go1.24.13 linux/amd64", true],
  ["go version go1.26.8 linux/arm64", true],
  ["go version go2.0 linux/amd64", true],
  ["go version go1.19.8 linux/amd64", false],
  ["go: not found", false],
])("%s is new enough: %s", (said, enough) => expect(isNewEnough(said)).toBe(enough));
