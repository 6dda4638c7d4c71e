import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { type SdkSystem, startSdkSystem } from "../support/sdk-system.ts";

const EXAMPLES = join(import.meta.dirname, "../../examples/typescript");

function start(system: SdkSystem, file: string) {
  const child = spawn(process.execPath, [join(EXAMPLES, file)], {
    env: { ...process.env, NODE_OPTIONS: "", TSS_COORDINATOR: system.address, TSS_API_KEY: system.apiKey },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk;
  });
  return { child, ended: once(child, "exit"), output: () => output };
}

test("the example of docs/sdk-typescript.md: submitted, followed, counted; SIGTERM ends the worker", async () => {
  const system = await startSdkSystem();
  const worker = start(system, "worker.ts");
  try {
    await once(worker.child.stdout, "data");
    const submit = start(system, "submit.ts");
    expect(await submit.ended).toEqual([0, null]);
    expect(submit.output()).toMatch(/^submitted \S{26}\n(.*\n)*succeeded line 2 of 2\n\{ words: 6 \}\n$/);
    worker.child.kill("SIGTERM");
    expect(await worker.ended).toEqual([0, null]);
  } finally {
    worker.child.kill("SIGKILL");
    await system.close();
  }
});
