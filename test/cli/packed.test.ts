import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "@jest/globals";
import { TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { CURRENT_NODE, OLD_NODES } from "../support/nodes.ts";
import { ROOT, startProgram, temporaryFolder } from "../support/run-tss.ts";
import { startHouse } from "../support/scripted-house.ts";

/** Building, packing and installing every dependency anew, in milliseconds. */
const INSTALL_MS = 240_000;
const folder = temporaryFolder();
const prefix = path.join(folder, "prefix");
const home = path.join(folder, "home");
const installed = path.join(prefix, "lib", "node_modules", "tss");

/** As a user has it: the settings of npm, and nothing of this test. */
const { NODE_OPTIONS: _, ...environment } = process.env;
const npm = (args: string[], cwd: string) => promisify(execFile)("npm", args, { cwd, env: environment });
const tss = (node: string, ...args: string[]) =>
  startProgram(node, [path.join(prefix, "bin", "tss"), ...args], { env: { HOME: home }, cwd: home }).finished;

beforeAll(async () => {
  mkdirSync(home);
  await npm(["pack", "--pack-destination", folder], ROOT);
  const archive = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
  const quiet = ["--no-audit", "--no-fund", "--prefer-offline"];
  await npm(["install", "--global", "--prefix", prefix, ...quiet, path.join(folder, archive)], folder);
}, INSTALL_MS);

test("the package holds what runs and nothing else", () => {
  expect(readdirSync(installed).sort()).toEqual(
    expect.arrayContaining(["LICENSE", "bin", "dist", "node_modules", "package.json"]),
  );
  for (const absent of ["test", "cli", "coordinator", "docs", "tsconfig.json"])
    expect(existsSync(path.join(installed, absent))).toBe(false);
  const dashboard = path.join(installed, "dist/gateway/dashboard");
  expect(readdirSync(dashboard).sort()).toEqual(["assets", "index.html"]);
  for (const bundled of ["react", "vite", "@tanstack"])
    expect(existsSync(path.join(installed, "node_modules", bundled))).toBe(false);
  expect(readdirSync(path.join(prefix, "bin")).sort()).toEqual(["tss", "tss-agent", "tss-coordinator", "tss-gateway"]);
});

for (const { file, version } of [CURRENT_NODE, ...OLD_NODES])
  test(`installed for Node.js ${version}, tss answers with an empty home`, async () => {
    const shown = await tss(file, "--version");
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringMatching(/^tss\/5\./), stderr: "" });
    const help = await tss(file, "--help");
    expect(help).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("create, follow and end tasks"),
      stderr: "",
    });
    expect((await tss(file, "task", "list", "--coordinator", "127.0.0.1:1")).code).toBe(7);
  });

test("the installed tss runs a task", async () => {
  const house = await startHouse();
  house.onSubmit = ({ id }) => {
    house.write(id, "done\n");
    house.end(id, TaskStatus.SUCCEEDED);
  };
  const { env } = house;
  const args = [path.join(prefix, "bin", "tss"), "run", "--", "true"];
  const finished = await startProgram(process.execPath, args, { env: { ...env, HOME: home }, cwd: home }).finished;
  expect(finished).toMatchObject({ code: 0, stdout: "done\n", stderr: "" });
  await house.close();
});
