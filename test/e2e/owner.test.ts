import { hostname } from "node:os";
import { afterEach, expect, test } from "@jest/globals";
import { type EndedEarly, type RunningCoordinator, startCoordinatorProcess } from "../support/crash-system.ts";
import { freshDatabase } from "../support/database.ts";
import { runTss } from "../support/run-tss.ts";
import { freshSqlite } from "../support/sqlite-database.ts";

let owner: RunningCoordinator | undefined;
afterEach(() => owner?.stop("SIGTERM"));

const start = (url: string, listen = "127.0.0.1:0", ...options: string[]) =>
  startCoordinatorProcess({ TSS_DATABASE_URL: url, TSS_COORDINATOR_LISTEN: listen }, options);
const refusalOf = (started: Promise<RunningCoordinator>) =>
  started.then(
    () => "it started",
    (error: EndedEarly) => error.message,
  );

test("SQLite: a second coordinator is told where the owner listens, also when the system chose its port", async () => {
  const url = await freshSqlite();
  owner = await start(url);
  expect(owner.address).toMatch(/^127\.0\.0\.1:[1-9]\d+$/);
  expect(await refusalOf(start(url))).toContain(
    `Another coordinator owns this database: ${hostname()} pid ${owner.process.pid} at ${owner.address}. Stop it first`,
  );
});

test.each([
  ["SQLite", freshSqlite],
  ["Postgres", freshDatabase],
])(
  "%s: a second coordinator that cannot listen does not take over: the owner goes on",
  async (_name, fresh) => {
    const url = await fresh();
    owner = await start(url);
    const refusal = await refusalOf(start(url, owner.address, "--take-over"));
    expect(refusal).toContain(`The coordinator cannot listen on ${owner.address}: it is taken by`);
    const env = { TSS_COORDINATOR: owner.address, TSS_API_KEY: owner.key ?? "" };
    expect(await runTss(["task", "create", "-c", "true"], { env })).toMatchObject({ code: 0 });
  },
  240_000,
);
