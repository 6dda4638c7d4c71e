import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { expect, test } from "@jest/globals";
import { CODE_CACHE } from "../support/code-cache.ts";
import { startDev } from "../support/dev-system.ts";
import { blocksOf } from "../support/doc-blocks.ts";
import { ROOT, temporaryFolder } from "../support/run-tss.ts";

const BLOCKS = blocksOf(join(ROOT, "docs/guides/operator.md"));

test("every command of the operator's guide does what the page says", async () => {
  const run = BLOCKS.filter(({ label }) => label === "");
  expect(run.length).toBeGreaterThan(3);
  for (const { language, label } of BLOCKS) expect(`${language} ${label}`.trimEnd()).toMatch(/^sh( not run: .+)?$/);
  const system = await startDev();
  const bin = temporaryFolder();
  for (const program of ["tss", "tss-agent"])
    writeFileSync(join(bin, program), `#!/bin/sh\nexec ${process.execPath} ${ROOT}/bin/${program}.cjs "$@"\n`, {
      mode: 0o755,
    });
  mkdirSync(join(system.folder, "home"));
  try {
    const child = spawn("sh", ["-eux", "-c", run.map(({ text }) => text).join("\n")], {
      cwd: system.folder,
      env: {
        PATH: [bin, process.env["PATH"]].join(delimiter),
        HOME: join(system.folder, "home"),
        ...CODE_CACHE,
        TSS_COORDINATOR: system.coordinator,
        TSS_GATEWAY_URL: system.gateway,
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
    expect(said).toContain("Linux\n");
    expect(said).toContain("disk space");
  } finally {
    await system.stop();
    rmSync(system.folder, { recursive: true, force: true });
  }
}, 180_000);
