import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type DashboardPage, openDashboard } from "../support/dashboard.ts";
import { type DevSystem, startDev } from "../support/dev-system.ts";

/** What the first page costs, as it comes over the wire. */
const SCRIPT_BYTES = 150 * 1024;
const STYLE_BYTES = 20 * 1024;

let system: DevSystem;
let browser: DashboardPage;
const files = new Map<string, number>();
beforeAll(async () => {
  system = await startDev();
  browser = await openDashboard(system, { place: "submit" });
  const { page } = browser;
  await page.goto("about:blank");
  page.on("response", (response) => {
    const { pathname } = new URL(response.url());
    files.set(pathname, Number(response.headers()["content-length"] ?? 0));
  });
  await page.goto(`${system.gateway}/`);
  await page.getByRole("img", { name: /^Tasks a minute/ }).waitFor();
  await page.locator(".chart canvas").first().waitFor();
});
afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

const weigh = (ending: string) =>
  [...files].filter(([path]) => path.endsWith(ending)).reduce((sum, [, bytes]) => sum + bytes, 0);

test("scripts of the first page weigh at most 150 KiB packed, styles 20 KiB", () => {
  expect(weigh(".js")).toBeGreaterThan(50 * 1024);
  expect(weigh(".js")).toBeLessThanOrEqual(SCRIPT_BYTES);
  expect(weigh(".css")).toBeGreaterThan(1_024);
  expect(weigh(".css")).toBeLessThanOrEqual(STYLE_BYTES);
});

test("what was weighed is what comes packed", async () => {
  const [path, bytes] = [...files].find(([name]) => name.endsWith(".js")) ?? ["", 0];
  const whole = Buffer.from(await (await fetch(system.gateway + path)).arrayBuffer());
  expect(Math.abs(gzipSync(whole, { level: 9 }).length - bytes)).toBeLessThan(64);
  expect(gunzipSync(gzipSync(whole))).toEqual(whole);
});

test("pages that are not looked at are not loaded", () => {
  expect([...files.keys()].filter((path) => /task-page|submit-page/.test(path))).toEqual([]);
});
