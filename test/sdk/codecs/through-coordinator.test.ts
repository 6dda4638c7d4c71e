import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { TaskService } from "../../../proto/gen/tss/v1/task_service_pb.js";
import { aesGcm } from "../../../sdk/typescript/codecs/aes-gcm.ts";
import { gzip } from "../../../sdk/typescript/codecs/gzip.ts";
import { payloadCodec } from "../../../sdk/typescript/codecs/payload-codec.ts";
import { taskType } from "../../../sdk/typescript/index.ts";
import { type SdkSystem, startSdkSystem } from "../../support/sdk-system.ts";
import { errorOf } from "./error-of.ts";

const SECRET = "the recipe of the house ".repeat(20_000);
const key = randomBytes(32);
const codec = payloadCodec({ codecs: [gzip(), aesGcm({ keys: { k1: key }, current: "k1" })] });
const echo = taskType<string, string>("echo");

let system: SdkSystem;
beforeAll(async () => {
  system = await startSdkSystem();
});
afterAll(() => system.close());

test("input and result are packed and secret between client and worker, and the coordinator keeps them as they are", async () => {
  const seen: string[] = [];
  system.worker({
    codec,
    handlers: [
      echo.handler((input) => {
        seen.push(input);
        return input;
      }),
    ],
  });
  const client = system.client({ codec });
  const handle = await client.submit(echo.task(SECRET));
  expect(await handle.result()).toBe(SECRET);
  expect(seen).toEqual([SECRET]);

  const { task } = await client.connection.service(TaskService).getTask({ id: handle.id });
  for (const payload of [task?.spec?.payload, task?.result]) {
    expect(payload).toMatchObject({ contentType: "application/json", encodings: ["gzip", "aes-gcm"] });
    expect(payload?.data.length).toBeLessThan(10_000);
    expect(Buffer.from(payload?.data ?? []).includes("recipe")).toBe(false);
  }

  const stranger = system.client().task(handle.id);
  expect((await errorOf(() => stranger.result())).message).toContain('undoes the encoding "gzip" and "aes-gcm" (known');
});

test("a value encrypted twice is another body under the same idempotency key; one that is only packed is not", async () => {
  const submit = (client: ReturnType<SdkSystem["client"]>, idempotencyKey: string) =>
    client.submit(echo.task(SECRET, { queue: "kept", delayMs: 60_000, idempotencyKey }));
  const secret = system.client({ codec });
  await submit(secret, "secret");
  expect(await errorOf(() => submit(secret, "secret"))).toMatchObject({ code: "ALREADY_EXISTS" });
  const packed = system.client({ codec: payloadCodec({ codecs: [gzip()] }) });
  const first = await submit(packed, "packed");
  expect(await submit(packed, "packed")).toMatchObject({ id: first.id, duplicate: true });
});
