import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { freshDatabase } from "../support/database.ts";
import { type DevSystem, startDev } from "../support/dev-system.ts";

const EXAMPLE = join(import.meta.dirname, "../../examples/images");
const PHOTOS = readdirSync(join(EXAMPLE, "photos")).sort();
const WIDTH = 120;

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Width of a JPEG from its frame header: the test does not ask the tool that made it. */
function jpegWidth(file: string): number {
  const bytes = readFileSync(file);
  for (let at = 2; at < bytes.length; ) {
    const marker = bytes[at + 1]!;
    if (marker >= 0xc0 && marker <= 0xc3) return bytes.readUInt16BE(at + 7);
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  throw new Error(`${file} is no JPEG`);
}

describe.each([
  ["SQLite", async () => ({})],
  ["Postgres", async () => ({ TSS_DATABASE_URL: await freshDatabase() })],
] as const)("a folder of images on %s", (_name, settings) => {
  test("is resized, one task an image, by CLI and REST; the corrupt one fails, retried and explained", async () => {
    const system: DevSystem = await startDev(await settings());
    folders.push(system.folder);
    const out = mkdtempSync(join(tmpdir(), "tss-small-"));
    folders.push(out);
    try {
      const argv = (photo: string) => [
        join(EXAMPLE, "resize.sh"),
        join(EXAMPLE, "photos", photo),
        join(out, photo),
        String(WIDTH),
      ];
      const ids = new Map<string, string>();
      const byCli = PHOTOS.filter((photo) => photo === "corrupt.jpg" || photo < "d");
      for (const photo of byCli) {
        const created = await system.tss(
          "task",
          "create",
          "--name",
          `resize ${photo}`,
          "--label",
          "example=images",
          "--retries",
          "1",
          "--retry-interval",
          "50ms",
          "--json",
          "--",
          ...argv(photo),
        );
        expect(created).toMatchObject({ code: 0 });
        ids.set(photo, JSON.parse(created.stdout).id);
      }
      for (const photo of PHOTOS.filter((name) => !byCli.includes(name))) {
        const answer = await system.rest("/task/submit", {
          method: "POST",
          body: JSON.stringify({
            name: `resize ${photo}`,
            argv: argv(photo),
            labels: { example: "images" },
            retry: { limit: 1, interval: 0.05 },
          }),
        });
        expect(answer.status).toBe(201);
        ids.set(photo, ((await answer.json()) as { id: string }).id);
      }
      const good = PHOTOS.filter((photo) => photo !== "corrupt.jpg");
      const waited = await system.tss("task", "wait", ...good.map((photo) => ids.get(photo)!));
      expect(waited).toMatchObject({ code: 0 });
      for (const photo of good) {
        expect(jpegWidth(join(out, photo))).toBe(WIDTH);
        expect(jpegWidth(join(EXAMPLE, "photos", photo))).not.toBe(WIDTH);
      }

      const corrupt = ids.get("corrupt.jpg")!;
      const ended = await (await system.rest(`/task/wait/${corrupt}?timeout=30`)).json();
      expect(ended).toMatchObject({
        ended: true,
        status: "failed",
        reason: "exit_code",
        exitCode: 65,
        attempt: 2,
        maxAttempts: 2,
      });
      expect((ended as { attempts: object[] }).attempts).toMatchObject([
        { number: 1, outcome: "failed", exitCode: 65 },
        { number: 2, outcome: "failed", exitCode: 65 },
      ]);
      const said = await (await system.rest(`/task/logs/${corrupt}`)).text();
      expect(said).toMatch(/^resize: .*corrupt\.jpg cannot be read as an image/);
      expect((await system.tss("task", "logs", corrupt)).stderr).toContain("cannot be read as an image");
      expect(existsSync(join(out, "corrupt.jpg"))).toBe(false);
      expect(readdirSync(out).sort()).toEqual(good.map((photo) => basename(photo)));

      const listed = await (await system.rest("/task/list?label=example=images&limit=100")).json();
      expect((listed as { tasks: { status: string }[] }).tasks.map(({ status }) => status).sort()).toEqual([
        "failed",
        ...good.map(() => "succeeded"),
      ]);
    } finally {
      expect(await system.stop()).toBe(0);
    }
  }, 180_000);
});
