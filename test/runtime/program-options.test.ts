import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { ROOT, startProgram, temporaryFolder } from "../support/run-tss.ts";

const run = (name: string, ...args: string[]) =>
  startProgram(process.execPath, [join(ROOT, "bin", `${name}.cjs`), ...args], { cwd: temporaryFolder() }).finished;

for (const name of ["tss-coordinator", "tss-gateway", "tss-agent"]) {
  test(`${name} says what it is for and which settings it has, and does not start`, async () => {
    for (const flag of ["--help", "-h"]) {
      const { code, stdout, stderr } = await run(name, flag);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toMatch(new RegExp(`^[A-Z][^\\n]+\\.[^\\n]*\\n\\nUsage: ${name}[ \\n]`));
      expect(stdout).toMatch(/^ {2}TSS_LOG_LEVEL +error, warn, info or debug \(error\)$/m);
      expect(stdout).not.toMatch(/undefined|\[object/);
    }
  });

  test(`${name} shows its version`, async () => {
    for (const flag of ["--version", "-v"]) {
      const { code, stdout } = await run(name, flag);
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`^${name}/5\\.\\S+ \\S+ node-v\\d+`));
    }
  });

  test(`${name} refuses an option it does not know`, async () => {
    const { code, stdout, stderr } = await run(name, "--nosuch");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(new RegExp(`^${name}: "--nosuch" is no option of ${name}: it knows [^\\n]+\\n$`));
  });
}
