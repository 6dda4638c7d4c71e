import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { expect, test } from "@jest/globals";
import { startDev } from "../support/dev-system.ts";
import { ROOT, temporaryFolder } from "../support/run-tss.ts";

const GUIDES = join(ROOT, "docs/guides");

/** Blocks of a page that are to run, and how many say why they are not. */
function blocksOf(page: string): { readonly run: readonly string[]; readonly left: readonly string[] } {
  const text = readFileSync(join(GUIDES, page), "utf8");
  const blocks = [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)];
  return {
    run: blocks.filter(([, kind]) => kind === "sh").map(([, , block]) => block as string),
    left: blocks.filter(([, kind]) => kind !== "sh").map(([, kind]) => kind as string),
  };
}

test.each(readdirSync(GUIDES))(
  "every command of %s does what the page says",
  async (page) => {
    const { run, left } = blocksOf(page);
    expect(run.length).toBeGreaterThan(3);
    for (const kind of left) expect(kind).toMatch(/^sh not run: /);
    const system = await startDev();
    const bin = temporaryFolder();
    for (const program of ["tss", "tss-agent"])
      writeFileSync(join(bin, program), `#!/bin/sh\nexec ${process.execPath} ${ROOT}/bin/${program}.cjs "$@"\n`, {
        mode: 0o755,
      });
    mkdirSync(join(system.folder, "home"));
    try {
      const child = spawn("sh", ["-eux", "-c", run.join("\n")], {
        cwd: system.folder,
        env: {
          PATH: [bin, process.env["PATH"]].join(delimiter),
          HOME: join(system.folder, "home"),
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
  },
  180_000,
);
