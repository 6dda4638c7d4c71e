import { beforeAll, describe, expect, test } from "@jest/globals";
import { payloadCodec, type Serializer } from "../../sdk/typescript/codecs/payload-codec.ts";

/** What every serializer must show, with values it is meant for. */
export function serializerExam(
  name: string,
  make: () => Serializer | Promise<Serializer>,
  values: readonly unknown[],
): void {
  describe(`serializer: ${name}`, () => {
    let serializer: Serializer;
    beforeAll(async () => {
      serializer = await make();
    });

    test("its name and content type can stand in a payload", () => {
      expect(serializer.name).toMatch(/^[a-z0-9.-]{1,63}$/);
      expect(serializer.contentType).toMatch(/^[\x21-\x7e]+\/[\x20-\x7e]+$/);
      expect(serializer.contentType.length).toBeLessThanOrEqual(127);
    });

    test("values come back, in a payload of its content type", async () => {
      const payloads = payloadCodec({ serializers: [serializer] });
      for (const value of values) {
        const payload = await payloads.encode(value);
        expect(payload).toMatchObject({ contentType: serializer.contentType, encodings: [] });
        expect(await payloads.decode(payload)).toEqual(value);
      }
    });

    test("bytes are the same each time, and are not changed by reading", async () => {
      for (const value of values) {
        const first = await serializer.serialize(value);
        const kept = Uint8Array.from(first);
        await serializer.deserialize(first, serializer.contentType);
        expect(Buffer.compare(first, kept)).toBe(0);
        expect(Buffer.compare(await serializer.serialize(value), kept)).toBe(0);
      }
    });

    test("bytes in the middle of a larger buffer are all that is read", async () => {
      for (const value of values) {
        const data = await serializer.serialize(value);
        const house = new Uint8Array(data.length + 32).fill(170);
        house.set(data, 16);
        const view = house.subarray(16, 16 + data.length);
        expect(await serializer.deserialize(view, serializer.contentType)).toEqual(value);
      }
    });
  });
}
