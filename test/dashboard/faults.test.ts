import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { type DashboardPage, openDashboard } from "../support/dashboard.ts";
import { type DevSystem, startDev } from "../support/dev-system.ts";
import { freePort } from "../support/free-port.ts";
import { until } from "../support/until.ts";

/** What goes on when something goes wrong. */
let system: DevSystem;
let browser: DashboardPage;
let settings: Record<string, string>;
beforeAll(async () => {
  const [coordinator, gateway] = [await freePort(), await freePort()];
  settings = { TSS_COORDINATOR_LISTEN: `127.0.0.1:${coordinator}`, TSS_GATEWAY_LISTEN: `127.0.0.1:${gateway}` };
  system = await startDev(settings);
  browser = await openDashboard(system, { place: "tasks" });
});
afterAll(async () => {
  expect(browser?.faults ?? []).toEqual([]);
  await browser?.close();
  await system?.stop();
});

const submit = async (body: object) =>
  ((await (await system.rest("/task/submit", { method: "POST", body: JSON.stringify(body) })).json()) as { id: string })
    .id;
const live = (page: Page) => page.getByRole("button", { name: "Updates: live" }).waitFor();

test("stopped and started anew: the page says so, comes back by itself, and one is still signed in", async () => {
  const { page } = browser;
  await live(page);
  await page.getByRole("link", { name: "hello" }).first().waitFor();
  await system.stop();
  await page.getByRole("button", { name: "Updates: offline" }).waitFor();
  expect(await page.getByRole("link", { name: "hello" }).count()).toBeGreaterThan(0);
  system = await startDev(settings, system.folder);
  await live(page);
  await submit({ name: "after the pause", command: "true" });
  await page
    .getByRole("link", { name: "after the pause" })
    .or(page.getByRole("button", { name: /new$/ }))
    .first()
    .waitFor();
});

test("all tabs of a browser share one stream", async () => {
  const { page, context } = browser;
  await live(page);
  const second = await context.newPage();
  await second.goto(`${system.gateway}/#/submit`);
  await live(second);
  const id = await submit({ name: "seen by both", command: "sleep 60" });
  await second.goto(`${system.gateway}/#/task/${id}`);
  await second.locator(".task-title").getByText("running").waitFor();
  await system.rest(`/task/cancel/${id}`, { method: "POST" });
  await second.locator(".task-title").getByText("cancelled").waitFor();
  // One that a page before these has left is counted until its end has come through.
  const streams = async () =>
    (await (await fetch(`${system.gateway}/metrics`)).text()).match(/^tss_live_clients (\d+)/m)?.[1];
  await until("one stream to be open", async () => (await streams()) === "1");
  await second.close();
});

test("a browser without shared workers, and one no stream comes through to, are served too", async () => {
  const id = await submit({ name: "polled", command: "sleep 300" });
  await using lonely = await openDashboard(system);
  const { page } = lonely;
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, "SharedWorker"));
  await page.route("**/live/stream", (route) => route.abort());
  await page.goto(`${system.gateway}/#/task/${id}`);
  await page.reload();
  await page.locator(".task-title").getByText("running").waitFor();
  await page.getByRole("button", { name: "Updates: every 5 s" }).waitFor();
  await system.rest(`/task/cancel/${id}`, { method: "POST" });
  await page.locator(".task-title").getByText("cancelled").waitFor();
});

test("a clock that is an hour off does not make ages wrong", async () => {
  await using off = await openDashboard(system);
  const { page } = off;
  await page.clock.install({ time: Date.now() + 3_600_000 });
  await page.goto(`${system.gateway}/#/tasks`);
  await page.reload();
  await submit({ name: "fresh", command: "true" });
  const row = page.getByRole("row").filter({ hasText: "fresh" });
  await row.getByText(/just now|\d+ s ago/).waitFor();
});

test("times are shown in the zone that is chosen", async () => {
  await using away = await openDashboard(system, { timezoneId: "Asia/Kolkata", place: "tasks" });
  const { page } = away;
  await page.getByRole("link", { name: "hello" }).first().click();
  const created = page.locator(".facts time").first();
  const local = await created.textContent();
  const stamp = await created.getAttribute("datetime");
  const shifted = new Date(Date.parse(stamp ?? "") + 5.5 * 3_600_000).toISOString();
  expect(local).toBe(`${shifted.slice(0, 10)} ${shifted.slice(11, 19)}`);
  await page.getByRole("button", { name: /times are shown in/ }).click();
  await page.getByRole("menuitemradio", { name: "UTC", exact: true }).click();
  await page
    .getByText(`${stamp?.slice(0, 10)} ${stamp?.slice(11, 19)} UTC`)
    .first()
    .waitFor();
});

test("works under a sub-path", async () => {
  const { createServer, request } = await import("node:http");
  const target = new URL(system.gateway);
  const proxy = createServer((incoming, outgoing) => {
    const path = (incoming.url ?? "/").replace(/^\/ops\/tss/, "");
    const onward = request(
      { host: target.hostname, port: target.port, path, method: incoming.method, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as { port: number };
  await using beneath = await openDashboard(
    { gateway: `http://127.0.0.1:${port}/ops/tss`, key: system.key },
    { place: "tasks" },
  );
  await live(beneath.page);
  await beneath.page.getByRole("link", { name: "hello" }).first().click();
  await beneath.page.getByText("Hello from task").first().waitFor();
  expect(beneath.page.url()).toContain("/ops/tss/#/task/");
  expect(beneath.faults).toEqual([]);
  proxy.closeAllConnections();
  proxy.close();
});
