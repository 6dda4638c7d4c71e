import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { readSettings } from "../../runtime/settings.ts";
import { shownUrl } from "../../runtime/shown-url.ts";
import { spanText } from "../../runtime/span-text.ts";
import { temporaryFolder } from "../support/run-tss.ts";

function problemsOf(environment: Record<string, string>, envText?: string): string {
  const file = join(temporaryFolder(), ".env");
  if (envText !== undefined) writeFileSync(file, envText);
  try {
    readSettings(environment, file);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

test("every problem is told at once, with what a mistyped name most likely meant", () => {
  const said = problemsOf({
    TSS_LOGLEVEL: "x",
    TSS_NOPE: "y",
    TSS_LEASE_TTL: "1ms",
    TSS_INBOX_BYTES: "1MiB",
    TSS_WORKER_SLOTS: "0",
  });
  expect(said.split("\n")).toEqual([
    "Settings cannot be used:",
    "  TSS_LOGLEVEL is not a setting of TSS (did you mean TSS_LOG_LEVEL?); .env.example lists them",
    "  TSS_NOPE is not a setting of TSS; .env.example lists them",
    '  TSS_LEASE_TTL must be a duration such as 500ms, 15s, 2h or 7d, from 1s to 10m (it is "1ms")',
    '  TSS_INBOX_BYTES must be at least 4194304 bytes (it is "1MiB")',
    '  TSS_WORKER_SLOTS must be a whole number from 1 to 10000 (it is "0")',
  ]);
});

test("a line of .env that names a setting and gives it no value is told with its number", () => {
  const text = "# TSS_A comment\nTSS_LOG_LEVEL: debug\nexport TSS_RETRY_LIMIT = 2\n\nTSS_LEASE_TTL\nOTHER THING\n";
  expect(problemsOf({}, text).split("\n").slice(1)).toEqual([
    expect.stringMatching(/\.env, line 2: TSS_LOG_LEVEL has no value; write TSS_LOG_LEVEL=VALUE$/),
    expect.stringMatching(/\.env, line 5: TSS_LEASE_TTL has no value; write TSS_LEASE_TTL=VALUE$/),
  ]);
  expect(problemsOf({}, "TSS_RETRY_LIMIT=2 # two\n")).toBe("");
});

test("an .env that cannot be read is told", () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, ".env"));
  expect(() => readSettings({}, join(folder, ".env"))).toThrow(/\.env cannot be read \(EISDIR\); mend or remove it/);
});

test("a database is shown without its password, whatever the password is", () => {
  expect(shownUrl("postgres://tss:secret@host/db")).toBe("postgres://tss:…@host/db");
  expect(shownUrl("postgres://tss:a@b:c@host:1/db?x=y")).toBe("postgres://tss:…@host:1/db?x=y");
  expect(shownUrl("postgres://host/db?user=u&password=secret&sslmode=require")).toBe(
    "postgres://host/db?user=u&password=…&sslmode=require",
  );
  expect(shownUrl("sqlite:./a@b.db")).toBe("sqlite:./a@b.db");
});

test("a span is told in the largest unit that leaves no rest", () => {
  expect([0, 1, 1_500, 90_000, 3_600_000, -1_000, 30 * 86_400_000].map(spanText)).toEqual([
    "0s",
    "1ms",
    "1500ms",
    "90s",
    "1h",
    "-1s",
    "30d",
  ]);
});
