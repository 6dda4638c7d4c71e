import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createClient } from "../../sdk/typescript/index.ts";
import { findFolder, install, type Missing } from "../support/binaries.ts";
import { type RunningPair, startPair } from "../support/coordinator-and-gateway.ts";
import { freePort } from "../support/free-port.ts";
import { ROOT, startProgram, temporaryFolder } from "../support/run-tss.ts";
import { selfSigned } from "../support/self-signed.ts";

const { cert, key } = selfSigned();
let pair: RunningPair;

beforeAll(async () => {
  pair = await startPair();
});
afterAll(async () => pair?.stop());

interface Proxy {
  /** Host and port of the two. */
  readonly rest: string;
  readonly grpc: string;
  stop(): Promise<unknown>;
}

/** The configuration of deploy/proxy with the ports, names and files of this test. */
async function startProxy(
  program: Missing,
  file: string,
  args: (config: string, folder: string) => string[],
): Promise<Proxy> {
  if (findFolder([program]) === undefined) install([program]);
  const folder = temporaryFolder();
  mkdirSync(join(folder, "logs"));
  writeFileSync(join(folder, "cert.pem"), cert);
  writeFileSync(join(folder, "key.pem"), key);
  const [rest, grpc] = [await freePort(), await freePort()];
  const text = readFileSync(join(ROOT, "deploy/proxy", file), "utf8")
    .replaceAll("/etc/tss/tls", folder)
    .replaceAll("tss.example.com", "localhost")
    .replace(/\b7443\b(?! ?:)/g, String(grpc))
    .replace(/\b443\b/g, String(rest))
    .replaceAll("127.0.0.1:7480", pair.gateway.replace("http://", ""))
    .replaceAll("127.0.0.1:7400", pair.coordinator);
  const config = join(folder, file);
  writeFileSync(config, text);
  const started = startProgram(join(findFolder([program]) ?? "", program), args(config, folder), {
    cwd: folder,
    env: { XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  });
  const proxy = { rest: `localhost:${rest}`, grpc: `localhost:${grpc}` };
  await Promise.race([answers(proxy.rest), started.finished.then(({ stderr }) => Promise.reject(new Error(stderr)))]);
  return {
    ...proxy,
    stop() {
      started.child.kill("SIGTERM");
      return started.finished;
    },
  };
}

function get(host: string, path: string, hear: (text: string) => void = () => {}): Promise<number> {
  const headers = { authorization: `Bearer ${pair.key}` };
  return new Promise((resolve, reject) => {
    request(`https://${host}${path}`, { ca: cert, headers }, (response) => {
      response.setEncoding("utf8").on("data", hear);
      response.once("end", () => resolve(response.statusCode ?? 0));
    })
      .once("error", reject)
      .end();
  });
}

async function answers(host: string): Promise<void> {
  while ((await get(host, "/readyz").catch(() => 0)) !== 200) await new Promise((resolve) => setTimeout(resolve, 50));
}

const nginx = (config: string, folder: string): string[] => [
  ...["-p", folder, "-c", config],
  ...["-g", `daemon off; pid ${folder}/pid; error_log stderr;`],
];
const caddy = (config: string): string[] => ["run", "--adapter", "caddyfile", "--config", config];

describe.each([
  ["nginx", "nginx.conf", nginx],
  ["caddy", "Caddyfile", caddy],
] as const)("TLS by %s", (program, file, args) => {
  let proxy: Proxy;
  beforeAll(async () => {
    proxy = await startProxy(program, file, args);
  });
  afterAll(async () => proxy?.stop());

  test("an agent works through it, and a watcher hears of the task while it runs", async () => {
    const settings = { TSS_COORDINATOR: proxy.grpc, TSS_API_KEY: pair.key, TSS_TLS_CA: cert, TSS_WORKER_NAME: program };
    const cwd = temporaryFolder();
    const agent = startProgram(process.execPath, [join(ROOT, "bin/tss-agent.cjs")], { cwd, env: settings });
    await agent.says("offers its slots");
    const client = createClient({ address: proxy.grpc, apiKey: pair.key, tls: { ca: cert } });
    const go = join(cwd, "go");
    const task = await client.submit({ command: `until [ -e ${go} ]; do sleep 0.05; done`, name: "watched" });
    const running = Promise.withResolvers<void>();
    let events = "";
    const watched = get(proxy.rest, `/task/watch/${task.id}`, (text) => {
      events += text;
      if (events.includes('"running"')) running.resolve();
    });
    await running.promise;
    writeFileSync(go, "");
    expect(await watched).toBe(200);
    expect(events).toContain('"succeeded"');
    expect((await task.wait()).attempts[0]?.workerName).toBe(program);
    await client.close();
    agent.child.kill("SIGTERM");
    expect((await agent.finished).code).toBe(0);
  });
});
