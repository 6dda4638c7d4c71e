import { expect, test } from "@jest/globals";
import TaskCreate from "../../cli/commands/task/create.ts";
import { nameFlags } from "../../cli/name-flags.ts";
import { TssError } from "../../proto/errors.ts";

const refused = (...fields: string[]) =>
  new TssError("INVALID_ARGUMENT", `${fields.map((field) => `${field} is wrong`).join("; ")}.`, {
    reason: "INVALID_FIELD",
    violations: fields.map((field) => ({ field, description: "is wrong" })),
  });
const told = (error: unknown, flags: readonly string[]) => (nameFlags(error, new Set(flags)) as Error).message;

test("a field that a flag has filled is told by the flag's name; others stay as they are", () => {
  const flags = Object.keys(TaskCreate.flags);
  expect(told(refused("retry.limit", "retry.release_limit", "retry.max_interval"), flags)).toBe(
    "--retries is wrong; --release-limit is wrong; --retry-max-interval is wrong.",
  );
  expect(told(refused("locks[1].name", "limits[nofile]", "labels", "resources", "run_at"), flags)).toBe(
    "--lock is wrong; --limit is wrong; --label is wrong; --resource is wrong; --at is wrong.",
  );
  expect(told(refused("key_ttl", "ttl"), ["ttl", "key-ttl"])).toBe("--key-ttl is wrong; --ttl is wrong.");
  expect(told(refused("name", "traceparent"), ["ttl"])).toBe("name is wrong; traceparent is wrong.");
});

test("what programs read of it stays, and other errors are left alone", () => {
  const error = refused("retry.limit");
  expect(nameFlags(error, new Set(["retries"]))).toMatchObject({
    code: "INVALID_ARGUMENT",
    reason: "INVALID_FIELD",
    violations: error.violations,
  });
  for (const other of [new Error("x"), new TssError("NOT_FOUND", "There is no such task.")])
    expect(nameFlags(other, new Set(["retries"]))).toBe(other);
});
