import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "tss-contract-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A copy of what the scripts need, without any git history. */
function copyOf(name: string): string {
  const copy = join(folder, name);
  for (const part of ["buf.yaml", "buf.gen.yaml", "package.json", "proto"])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  return copy;
}

function script(where: string, name: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(where, "proto", name), ...args], {
    cwd: where,
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "--no-warnings" },
  });
  return { status, said: stdout + stderr };
}

function edit(where: string, file: string, from: string, to: string): void {
  const path = join(where, "proto/tss/v1", file);
  const text = readFileSync(path, "utf8");
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

function setVersion(where: string, version: string): void {
  const path = join(where, "package.json");
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), version }));
}

test("the protos pass lint and format, and the generated code is theirs", () => {
  expect(script(root, "check-generated.ts")).toEqual({ status: 0, said: "" });
});

describe("the released contract", () => {
  test("is kept by the protos as they are", () => {
    const { status, said } = script(copyOf("as-is"), "check-breaking.ts");
    expect(said).toMatch(/^The contract of \S+ is kept\.\n$/);
    expect(status).toBe(0);
  });

  test.each([
    ["a field that is gone", "task_service.proto", "  string request_id = 2;", ""],
    ["a field with another number", "task_service.proto", "  string request_id = 2;", "  string request_id = 77;"],
    ["a call that is gone", "worker_service.proto", "rpc ReportTasks(", "rpc TellTasks("],
    ["an enum value with another name", "task.proto", "TASK_STATUS_WAITING", "TASK_STATUS_IDLE"],
  ])("is broken by %s, which is named", (what, file, from, to) => {
    const copy = copyOf(what.replaceAll(" ", "-"));
    edit(copy, file, from, to);
    const { status, said } = script(copy, "check-breaking.ts");
    expect(said).toContain(`tss/v1/${file}:`);
    expect(said).toMatch(/The contract of \S+ is broken/);
    expect(status).toBe(1);
  });

  test("is recorded anew with the next release, and only then", () => {
    const copy = copyOf("release");
    edit(copy, "task_service.proto", "  string request_id = 2;", "  string request_id = 2;\n  bool more = 99;");
    const again = script(copy, "record-release.ts");
    expect(again.said).toMatch(/is recorded already/);
    expect(again.status).toBe(1);
    setVersion(copy, "5.9.0");
    expect(script(copy, "record-release.ts")).toEqual({ status: 0, said: "The contract of 5.9.0 is recorded.\n" });
    expect(readdirSync(join(copy, "proto/released"))).toEqual(["5.9.0.binpb"]);
    edit(copy, "task_service.proto", "  bool more = 99;", "");
    expect(script(copy, "check-breaking.ts").said).toContain("The contract of 5.9.0 is broken");
    setVersion(copy, "5.9.1");
    expect(script(copy, "record-release.ts")).toMatchObject({ status: 1 });
    expect(script(copy, "record-release.ts", "--breaking")).toMatchObject({ status: 0 });
  });
});
