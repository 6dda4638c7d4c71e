import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type DashboardPage, openDashboard } from "../support/dashboard.ts";
import { type DevSystem, startDev } from "../support/dev-system.ts";

/** What operators do with queues and workers, and what others see of it. */
let system: DevSystem;
let browser: DashboardPage;
let viewer: DashboardPage;
beforeAll(async () => {
  system = await startDev();
  const { secret } = (await (
    await system.rest("/key/create", { method: "POST", body: JSON.stringify({ name: "looks only", role: "viewer" }) })
  ).json()) as { secret: string };
  browser = await openDashboard(system, { place: "queues" });
  viewer = await openDashboard(system, { place: "queues", key: secret });
});
afterAll(async () => {
  expect([...(browser?.faults ?? []), ...(viewer?.faults ?? [])]).toEqual([]);
  await browser?.close();
  await viewer?.close();
  await system?.stop();
});

const submit = async (name: string, command = "true", more: object = {}) => {
  const body = JSON.stringify({ name, command, ...more });
  const { id } = (await (await system.rest("/task/submit", { method: "POST", body })).json()) as { id: string };
  return id;
};
const ended = (id: string) => system.rest(`/task/wait/${id}?timeout=30`);
const open = (place: string, { page } = browser) => page.goto(`${system.gateway}/#/${place}`);
const row = (name: string, { page } = browser) => page.getByRole("row").filter({ hasText: name });

test("queues are listed with their numbers, the worst first, and change as they do", async () => {
  await ended(await submit("done", "true", { queue: "quiet" }));
  await submit("waits", "true", { queue: "nobody", selector: { has: "nothing" } });
  await open("queues");
  await row("quiet").getByRole("cell", { name: "quiet", exact: true }).last().waitFor();
  await browser.page.mouse.move(2, 2);
  await submit("later", "true", { queue: "quiet", delay: 3_600 });
  await row("quiet").getByRole("cell", { name: "1", exact: true }).first().waitFor();
});

test("a queue is paused with a note that everybody sees, and resumed", async () => {
  const { page } = browser;
  await open("queue/mail");
  await page.getByText("There is no such queue.").waitFor();
  await ended(await submit("first", "true", { queue: "mail" }));
  await open("queues");
  await page.getByRole("link", { name: "mail", exact: true }).click();
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("dialog").getByLabel("Why").fill("the relay <b>is</b> down");
  await page.getByRole("button", { name: "Pause the queue" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Resume" }).waitFor();
  const id = await submit("held", "true", { queue: "mail" });

  await open("queue/mail", viewer);
  await viewer.page.getByText(/the relay <b>is<\/b> down/).waitFor();
  await viewer.page.getByText("1 paused").waitFor();
  expect(await viewer.page.getByRole("button", { name: /Resume|Pause|limit/ }).count()).toBe(0);

  await page.getByRole("button", { name: "Resume" }).click();
  await ended(id);
  await page.getByRole("button", { name: "Pause" }).waitFor();
});

test("a limit is set, refused where it makes no sense, and taken away", async () => {
  const { page } = browser;
  await open("queue/mail");
  await page.getByRole("button", { name: "Set a limit" }).click();
  const field = page.getByRole("dialog").getByLabel("Attempts at a time");
  await field.fill("0");
  await page.getByRole("alert").getByText("A whole number from 1 to 1.00 M").waitFor();
  await field.fill("1");
  await field.press("Enter");
  await page.getByText("limit 1", { exact: true }).waitFor();
  const runs = await submit("runs", "sleep 300", { queue: "mail" });
  const waits = await submit("waits for it", "true", { queue: "mail" });
  await page.getByText("at its limit").waitFor();
  await page.getByText("1 throttled").waitFor();
  await system.rest(`/task/cancel/${runs}`, { method: "POST" });
  await ended(waits);
  await page.getByRole("button", { name: "Change limit" }).click();
  await field.fill("");
  await page.getByRole("button", { name: "Take the limit away" }).click();
  await page.getByText("no limit", { exact: true }).waitFor();
});

test("workers are listed with what they hold; a viewer cannot drain one, an operator can", async () => {
  const { page } = browser;
  const id = await submit("long work", "sleep 300");
  await open("workers");
  await page.getByText("1 of", { exact: false }).first().waitFor();
  await page.getByRole("table", { name: "Workers" }).getByRole("link").first().click();
  await page.getByRole("link", { name: "long work" }).waitFor();
  const place = new URL(page.url()).hash.slice(2);
  await open(place, viewer);
  await viewer.page.getByRole("link", { name: "long work" }).waitFor();
  expect(await viewer.page.getByRole("button", { name: "Drain" }).count()).toBe(0);
  await page.getByRole("button", { name: "Drain" }).click();
  await page.getByRole("button", { name: "Drain the worker" }).click();
  await page.locator(".task-title").getByText("draining").waitFor();
  await system.rest(`/task/cancel/${id}`, { method: "POST" });
  await page.getByText("It runs nothing just now.").waitFor();
});

test("the field at the top leads to pages, queues and workers by their names, and does things, by keys alone", async () => {
  const { page } = browser;
  await submit("named", "true", { queue: "billing-eu" });
  await open("settings");
  await page.getByRole("heading", { name: "Settings" }).waitFor();
  const field = page.getByRole("combobox", { name: /^Go to a task/ });
  const go = async (text: string, option: RegExp) => {
    await page.keyboard.press("Control+k");
    await page.keyboard.type(text);
    // The first is the search for tasks, which Enter alone does.
    await page.getByRole("option", { name: option }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
  };
  await go("billing", /billing-eu/);
  await page.getByRole("heading", { name: "billing-eu" }).waitFor();
  expect(await page.getByRole("listbox", { name: "Go to" }).count()).toBe(0);
  await go("activ", /Activity/);
  await page.getByRole("heading", { name: "Activity" }).waitFor();
  await go("worker", /Workers/);
  await page.getByRole("heading", { name: "Workers" }).waitFor();
  await go("pause", /Pause live/);
  await page.getByRole("button", { name: "Updates: paused" }).waitFor();
  await go("live", /Let live/);
  await page.getByRole("button", { name: "Updates: live" }).waitFor();
  await field.fill("queue:billing-eu");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "named" }).waitFor();
});

test("a worker that is not there is said to be gone", async () => {
  await open("worker/w_nobody");
  await browser.page.getByText("This worker is gone.").waitFor();
});
