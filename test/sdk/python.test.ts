import { expect, test } from "@jest/globals";
import { runPytest, runPython } from "../support/pytest.ts";
import { pythonVenv } from "../support/python.ts";

// The tests of pytest become tests of this file, so they are known before it is read to its end.
const venv = await pythonVenv();
const types = runPython(venv, ["mypy", "--strict"]);
const { code, output, tests } = await runPytest(venv);

test("mypy --strict finds nothing", async () => {
  expect((await types).output).toMatch(/^Success: no issues found in \d+ source files\n$/);
});

test("pytest ran to its end", () => {
  expect({ code, output }).toEqual({ code: 0, output: expect.any(String) });
  expect(tests.length).toBeGreaterThan(100);
});

test.each(tests.map((one) => [one.name, one] as const))("%s", (_name, { outcome, text }) => {
  expect({ outcome, text }).toEqual(
    outcome === "skipped" ? { outcome: "skipped", text: expect.any(String) } : { outcome: "passed", text: "" },
  );
});
