import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "@jest/globals";
import { pythonVenv } from "../support/python.ts";
import { ROOT } from "../support/run-tss.ts";

const deploy = join(ROOT, "deploy");
let python: string;

beforeAll(async () => {
  ({ python } = await pythonVenv(join(ROOT, "test/deploy/requirements.txt")));
}, 600_000);

const run = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(python, args, { encoding: "utf8" });
  return [status, status === 0 ? "" : `${stdout}${stderr}`];
};

test("compose.yaml is what the compose specification knows", () => {
  const file = join(deploy, "docker/compose.yaml");
  expect(run("-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", file)).toEqual([0, ""]);
});

test.each(readdirSync(join(deploy, "kubernetes")).filter((name) => !name.startsWith("metrics-adapter")))(
  "%s is what Kubernetes knows, to the last field",
  (name) => {
    const file = join(deploy, "kubernetes", name);
    expect(run("-m", "kubernetes_validate", "--strict", file)).toEqual([0, ""]);
  },
);
