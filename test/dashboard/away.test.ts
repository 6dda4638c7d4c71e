import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { type DashboardPage, openBrowser, openDashboard } from "../support/dashboard.ts";
import { type DevSystem, startDev } from "../support/dev-system.ts";
import { until } from "../support/until.ts";

/** What a page meets that was left alone: an hour in the background, a task that is gone, a key that ran out, an old address. */
let system: DevSystem;
let browser: DashboardPage;
beforeAll(async () => {
  system = await startDev({ TSS_RETENTION: "2s", TSS_SEGMENT_AGE: "1s" });
  browser = await openDashboard(system, { place: "settings" });
});
afterAll(async () => {
  expect(browser?.faults ?? []).toEqual([]);
  await browser?.close();
  await system?.stop();
});

const submit = async (body: object) =>
  ((await (await system.rest("/task/submit", { method: "POST", body: JSON.stringify(body) })).json()) as { id: string })
    .id;
const open = (place: string, page = browser.page) => page.goto(`${system.gateway}/#/${place}`);
const viewers = async () =>
  Number(/^tss_live_clients (\d+)/m.exec(await (await fetch(`${system.gateway}/metrics`)).text())?.[1]);

/** As the browser does when a tab goes to the background or comes back. */
const show = (page: Page, visible: boolean) =>
  page.evaluate((shown) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => !shown });
    Object.defineProperty(document, "visibilityState", {
      configurable: true,
      get: () => (shown ? "visible" : "hidden"),
    });
    document.dispatchEvent(new Event("visibilitychange"));
  }, visible);

test("a tab that was hidden for an hour has cost nothing, and knows at once what happened", async () => {
  const { page } = browser;
  await page.clock.install();
  await open("tasks");
  await page.reload();
  await page.getByRole("button", { name: "Updates: live" }).waitFor();
  const long = await submit({ name: "long work", command: "sleep 300" });
  const row = page.getByRole("row").filter({ hasText: "long work" });
  await row.getByText("running").waitFor();
  await show(page, false);
  await page.clock.fastForward("01:00");
  await until("its stream to end", async () => (await viewers()) === 0);
  const asked: string[] = [];
  const hear = (request: { url(): string }) => asked.push(new URL(request.url()).pathname);
  page.on("request", hear);
  await page.clock.fastForward("59:00");
  await system.rest(`/task/cancel/${long}`, { method: "POST" });
  await submit({ name: "in the meantime", command: "sleep 300" });
  expect(asked).toEqual([]);
  page.off("request", hear);
  await show(page, true);
  await row.getByText("cancelled").waitFor();
  await page.getByRole("row").filter({ hasText: "in the meantime" }).getByText("running").waitFor();
  expect(await viewers()).toBe(1);
});

test("a task that retention has removed while it was shown stays as it was last known, and says so", async () => {
  const { page } = browser;
  const id = await submit({ name: "short lived", command: "echo once" });
  await open(`task/${id}`);
  await page.locator(".task-title").getByText("succeeded").waitFor();
  await until("retention to remove it", async () => (await system.rest(`/task/query/${id}`)).status === 404, 60_000);
  await show(page, false);
  await page.clock.fastForward("01:00");
  await show(page, true);
  await page.getByText("This task is no longer kept").waitFor();
  await page.getByRole("heading", { name: "short lived" }).waitFor();
  await page.getByRole("button", { name: "Run again" }).click();
  await page.locator(".task-header .note").waitFor();
  await page.reload();
  await page.getByText("There is no such task.").waitFor();
});

test("a key that expires while the page is open leads to the way in, and says why", async () => {
  await using guest = await openBrowser();
  await open("queues", guest.page);
  await guest.page.getByLabel("API key").waitFor();
  const answer = await system.rest("/key/create", {
    method: "POST",
    body: JSON.stringify({ name: "a moment", role: "viewer", ttl: 6 }),
  });
  const { secret } = (await answer.json()) as { secret: string };
  await guest.page.getByLabel("API key").fill(secret);
  await guest.page.getByRole("button", { name: "Sign in" }).click();
  await guest.page.getByRole("heading", { name: "Queues" }).waitFor();
  await guest.page.getByText(/Sign in again; you will be back on this page/).waitFor();
  await guest.page.getByLabel("API key").fill(system.key);
  await guest.page.getByRole("button", { name: "Sign in" }).click();
  await guest.page.getByRole("heading", { name: "Queues" }).waitFor();
  expect(guest.faults).toEqual([]);
});

test.each([
  ["tasks?q=%E0%A4%A", /Tasks/],
  ["tasks?q=status:nonsense&range=99y", /Tasks/],
  ["task/%", /Nothing here/],
  ["task/..%2F..%2Fsession?attempt=-1&from=abc&to=1e99&tab=nope", /Task/],
  ["queue/UPPER%20CASE?range=0", /UPPER CASE/],
  ["failures/zzzz?range=1e9", /Failure/],
  ["worker/%00", /Worker/],
  ["activity?kind=nonsense", /Activity/],
  ["submit?like=nonsense", /Submit/],
  ["sign-in/nonsense/tasks", /Tasks/],
  ["sign-in/nonsense/task/%E0%A4%A", /Nothing here|Task/],
])("an address that is malformed leads to a page that says what it is: %s", async (place, heading) => {
  const { page } = browser;
  await open("settings");
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  await open(place);
  await page.getByRole("heading", { level: 1, name: heading }).first().waitFor();
});
