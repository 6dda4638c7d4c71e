import { randomBytes } from "node:crypto";
import { aesGcm } from "../../../sdk/typescript/codecs/aes-gcm.ts";
import { bytes } from "../../../sdk/typescript/codecs/bytes.ts";
import { gzip } from "../../../sdk/typescript/codecs/gzip.ts";
import { json } from "../../../sdk/typescript/codecs/json.ts";
import type { Codec } from "../../../sdk/typescript/codecs/payload-codec.ts";
import { codecExam } from "../../contract/codec-exam.ts";
import { serializerExam } from "../../contract/serializer-exam.ts";

codecExam("gzip", () => gzip());
codecExam("gzip of everything", () => gzip({ minBytes: 0, level: 9 }));
codecExam("aes-gcm", () => aesGcm({ keys: { old: randomBytes(32), "2026-11": randomBytes(32) }, current: "2026-11" }));
codecExam("one that takes its time", () => later(gzip({ minBytes: 0 })));

serializerExam("json", () => json, [
  null,
  true,
  -1.5e300,
  "",
  "é\ud83d\ude00\ud800",
  [],
  {},
  { a: [{ b: "c" }, null] },
]);
serializerExam("bytes", () => bytes, [new Uint8Array(0), Uint8Array.of(0, 255, 10), new Uint8Array(200_000).fill(7)]);

function later(codec: Codec): Codec {
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    name: codec.name,
    encode: async (data) => {
      await turn();
      return codec.encode(data);
    },
    decode: async (data) => {
      await turn();
      return codec.decode(data);
    },
  };
}
