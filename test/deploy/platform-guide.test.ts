import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { expect, test } from "@jest/globals";
import { findFolder, install } from "../support/binaries.ts";
import { CODE_CACHE } from "../support/code-cache.ts";
import { freshSystem } from "../support/database.ts";
import { blocksOf } from "../support/doc-blocks.ts";
import { freePort } from "../support/free-port.ts";
import { ROOT, temporaryFolder } from "../support/run-tss.ts";

const GUIDE = join(ROOT, "docs/guides/platform.md");
const BLOCKS = blocksOf(GUIDE);

test("every command of the platform guide does what the page says", async () => {
  if (findFolder(["curl"]) === undefined) install(["curl"]);
  const run = BLOCKS.filter(({ label }) => label === "");
  expect(run.length).toBeGreaterThan(4);
  for (const { language, label } of BLOCKS) expect(`${language} ${label}`.trimEnd()).toMatch(/^sh( not run: .+)?$/);
  const folder = temporaryFolder();
  const [bin, home] = [join(folder, "bin"), join(folder, "home")];
  for (const path of [bin, home]) mkdirSync(path);
  for (const program of ["tss", "tss-agent", "tss-coordinator", "tss-gateway"])
    writeFileSync(join(bin, program), `#!/bin/sh\nexec ${process.execPath} ${ROOT}/bin/${program}.cjs "$@"\n`, {
      mode: 0o755,
    });
  const ports = await Promise.all([freePort(), freePort(), freePort()]);
  const [c1, c2, g1] = ports.map((port) => `127.0.0.1:${port}`);
  // A shell that ends takes along what it has started, and says how it went itself.
  const script = `trap 'code=$?; trap - EXIT; kill $(jobs -p) 2> /dev/null; wait; exit $code' EXIT\n${run.map(({ text }) => text).join("\n")}`;
  const child = spawn("bash", ["-eux", "-c", script], {
    cwd: folder,
    env: {
      PATH: [bin, findFolder(["pg_restore", "postgres"]) ?? "", process.env["PATH"]].join(delimiter),
      HOME: home,
      ...CODE_CACHE,
      TSS_DATABASE_URL: await freshSystem(),
      TSS_REDIS_URL: process.env["TSS_TEST_REDIS_URL"],
      C1: c1,
      C2: c2,
      G1: g1,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  const [code] = await once(child, "close");
  expect([code, code === 0 ? "" : said]).toEqual([0, ""]);
  expect(said.match(/succeeded/g)?.length).toBeGreaterThanOrEqual(2);
  rmSync(folder, { recursive: true, force: true });
}, 300_000);

test("the alerts that it names are those of deploy/monitoring", () => {
  const alerts = readFileSync(join(ROOT, "deploy/monitoring/alerts.yaml"), "utf8");
  const named = new Set(readFileSync(GUIDE, "utf8").match(/\bTss[A-Z]\w+/g));
  expect(named.size).toBeGreaterThan(5);
  for (const name of named) expect(alerts).toContain(`alert: ${name}\n`);
});
