import { join } from "node:path";
import { buildGo } from "../../../test/support/go-toolchain.ts";
import { PYTHON_SDK, pythonVenv } from "../../../test/support/python.ts";
import type { Command } from "./program.ts";

const PROGRAMS = join(import.meta.dirname, "../programs");

/** @throws Error for a name that is none. */
export function commandOf(name: string): Promise<Command> {
  const make = COMMANDS[name];
  if (make === undefined) throw new Error(`There is no SDK ${name}; there are: ${Object.keys(COMMANDS).join(", ")}.`);
  return make();
}

/** How each SDK's conformance program is started here; making one may build it first. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  typescript: async () => ({
    file: process.execPath,
    args: ["--disable-warning=ExperimentalWarning", join(PROGRAMS, "typescript.ts")],
  }),
  python: async () => ({
    file: (await pythonVenv()).python,
    args: [join(PROGRAMS, "python/program.py")],
    env: { PYTHONPATH: PYTHON_SDK, PYTHONDONTWRITEBYTECODE: "1" },
  }),
  go: async () => ({ file: await buildGo("./conformance"), args: [] }),
  // The contract without an SDK.
  stdio: async () => ({
    file: process.execPath,
    args: ["--disable-warning=ExperimentalWarning", join(PROGRAMS, "stdio.ts")],
  }),
};
