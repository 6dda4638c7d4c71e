import { afterEach, expect, test } from "@jest/globals";
import { pythonVenv } from "../support/python.ts";

afterEach(() => {
  delete process.env["TSS_TEST_PYTHON"];
});

test("a Python that is not there is told in one sentence", async () => {
  process.env["TSS_TEST_PYTHON"] = "/no/such/python";
  await expect(pythonVenv()).rejects.toThrow(
    'The tests of the Python SDK need Python 3.9 or newer, and "/no/such/python" does not run: install it, or set TSS_TEST_PYTHON to one.',
  );
});
