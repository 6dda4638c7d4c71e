import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { describe, expect, test } from "@jest/globals";
import pg from "pg";
import { explain } from "../../coordinator/plugins/store-postgres/connection-problem.ts";
import { postgresStore } from "../../coordinator/plugins/store-postgres/postgres-store.ts";
import { StoreUnavailableError } from "../../coordinator/ports/store-errors.ts";
import { freePort } from "../support/free-port.ts";
import { runTss } from "../support/run-tss.ts";
import { emptyDatabase, serverUrl, withDatabase } from "../support/test-databases.ts";
import { rejection } from "./lab.ts";

function changed(url: string, change: (url: URL) => void): string {
  const copy = new URL(url);
  change(copy);
  return copy.href;
}

/** Checks the sentence of a database that cannot be used, as status and as open and migrate give it. */
async function sentence(url: string): Promise<string> {
  const status = await postgresStore.status(url);
  expect(status.reachable).toBe(false);
  expect(status.problem).toMatch(/^[A-Z][^\n]*\.$/);
  const { password, port } = new URL(url);
  if (password) expect(status.problem).not.toContain(password);
  expect(status.problem).toContain(port);
  for (const call of [
    () => postgresStore.open(url, { readConnections: 1, failpoint() {} }),
    () => postgresStore.migrate(url),
  ]) {
    const error = (await rejection(call())) as StoreUnavailableError;
    expect(error).toBeInstanceOf(StoreUnavailableError);
    // What the driver itself said stands in parentheses and may differ from try to try.
    expect(error.message.replace(/\(.*?\)/, "")).toBe(status.problem.replace(/\(.*?\)/, ""));
    expect(error.inDoubt).toBe(false);
  }
  return status.problem;
}

describe("a database that cannot be used is explained in one sentence", () => {
  test("wrong password", async () => {
    const url = changed(serverUrl(), (u) => {
      u.password = "wrong-secret";
    });
    expect(await sentence(url)).toMatch(/refuses the password of user "postgres"/);
  });

  test("no password", async () => {
    const url = changed(serverUrl(), (u) => {
      u.password = "";
    });
    expect(await sentence(url)).toMatch(/asks for a password of user "postgres"/);
  });

  test("unknown user", async () => {
    const url = changed(serverUrl(), (u) => {
      u.username = "nobody";
    });
    expect(await sentence(url)).toMatch(/user "nobody"/);
  });

  test("unknown database", async () => {
    expect(await sentence(withDatabase(serverUrl(), "not_there"))).toMatch(/no database "not_there"/);
  });

  test("nothing listens", async () => {
    const port = await freePort();
    const url = changed(serverUrl(), (u) => {
      u.port = String(port);
    });
    expect(await sentence(url)).toContain(`Nothing listens on 127.0.0.1:${port}`);
  });

  test("unknown host", async () => {
    const url = changed(serverUrl(), (u) => {
      u.hostname = "host.invalid";
    });
    expect(await sentence(url)).toMatch(/host name "host.invalid"/);
  });

  test("no TLS", async () => {
    const url = changed(serverUrl(), (u) => u.searchParams.set("sslmode", "require"));
    expect(await sentence(url)).toMatch(/does not offer TLS/);
    // The driver's own warnings go to the process.
    const { stdout, stderr } = await runTss(["db", "status"], { env: { TSS_DATABASE_URL: url } });
    expect(stdout + stderr).toMatch(/does not offer TLS/);
    expect(stderr).not.toContain("WARNING");
  });

  test("a server that closes the door", async () => {
    const server = createServer((socket: Socket) => socket.destroy());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const url = changed(serverUrl(), (u) => {
      u.port = String(port);
    });
    expect(await sentence(url)).toMatch(/closed the connection/);
    server.close();
  });

  test("no right to make tables", async () => {
    const admin = new pg.Client({ connectionString: serverUrl() });
    await admin.connect();
    await admin.query(
      "DO $$ BEGIN CREATE ROLE tss_guest LOGIN PASSWORD 'guest'; EXCEPTION WHEN duplicate_object THEN END $$",
    );
    await admin.end();
    const url = await emptyDatabase();
    const owner = new pg.Client({ connectionString: url });
    await owner.connect();
    await owner.query("REVOKE CREATE ON SCHEMA public FROM public");
    await owner.end();
    const guest = changed(url, (u) => {
      u.username = "tss_guest";
      u.password = "guest";
    });
    const error = (await rejection(postgresStore.migrate(guest))) as Error;
    expect(error.message).toMatch(/User "tss_guest" lacks a right in database/);
  });

  test.each(["25006", "53300", "57P03", "CERT_HAS_EXPIRED", "XX000"])("%s names place and mend", (code) => {
    const at = { host: "db", port: "5432", database: "tss", user: "app" };
    expect(explain({ code, message: "m" }, at)).toMatch(/db:5432/);
  });
});

test("two processes that migrate at once both find the newest schema", async () => {
  const url = await emptyDatabase();
  const script = `const { postgresStore } = await import("./coordinator/plugins/store-postgres/postgres-store.ts");
    const status = await postgresStore.migrate(process.argv[1]); process.stdout.write(status.problem || "ready");`;
  const run = async () => {
    const child = spawn(process.execPath, ["--input-type=module", "--no-warnings", "-e", script, url], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    const said: Buffer[] = [];
    child.stdout.on("data", (data: Buffer) => said.push(data));
    await once(child, "close");
    return Buffer.concat(said).toString();
  };
  expect(await Promise.all([run(), run()])).toEqual(["ready", "ready"]);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const shards = await client.query("SELECT count(*)::int AS n FROM tss_shard");
  await client.end();
  expect(shards.rows).toEqual([{ n: 64 }]);
});
