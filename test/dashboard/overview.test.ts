import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type DashboardPage, openDashboard } from "../support/dashboard.ts";
import { type DevSystem, startDev } from "../support/dev-system.ts";

/** The first page on a running system: what it says, and that it says it as it happens. */
let system: DevSystem;
let browser: DashboardPage;
const stuck = { name: "stuck", type: "no.such.handler", payload: {}, queue: "stuck" };
beforeAll(async () => {
  system = await startDev({ TSS_WORKER_SLOTS: "4" });
  await submit(stuck);
  await ended(await submit({ name: "sync 17", command: "exit 69", queue: "sync" }));
  browser = await openDashboard(system);
});
afterAll(async () => {
  expect(browser?.faults ?? []).toEqual([]);
  await browser?.close();
  await system?.stop();
});

const submit = async (body: object) =>
  ((await (await system.rest("/task/submit", { method: "POST", body: JSON.stringify(body) })).json()) as { id: string })
    .id;
const ended = (id: string) => system.rest(`/task/wait/${id}?timeout=30`);
const tile = (name: string) =>
  browser.page
    .locator(".tile")
    .filter({ has: browser.page.getByText(name, { exact: true }) })
    .locator(".tile-value");

test("it is the first page, and begins with a sentence", async () => {
  const { page } = browser;
  await page.getByRole("region", { name: "Verdict" }).waitFor();
  expect(new URL(page.url()).hash).toBe("#/");
  expect(await page.getByRole("region", { name: "Verdict" }).getByRole("status").textContent()).toMatch(/\w.*\.$/);
});

test("numbers, states and queues change as tasks do, over the one stream", async () => {
  const { page } = browser;
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  const states = page.getByRole("region", { name: "Tasks that have not ended" });
  const ids = await Promise.all(
    Array.from({ length: 3 }, (_, index) => submit({ name: `long ${index}`, command: "sleep 300", queue: "long" })),
  );
  await states.getByRole("link", { name: /running 3/ }).waitFor();
  await tile("Slots in use").getByText("3 of 4").waitFor();
  const row = page.getByRole("table", { name: "Queues, worst first" }).getByRole("row").filter({ hasText: "long" });
  await row.getByText("working").waitFor();
  for (const id of ids) await system.rest(`/task/cancel/${id}`, { method: "POST" });
  await tile("Slots in use").getByText("0 of 4").waitFor();
  await states.getByRole("link", { name: /ready 1/ }).waitFor();
  // The page itself has asked for nothing.
  expect(asked.filter((path) => path.includes("tss.v1"))).toEqual([]);
});

test("what fails is listed by kind and leads to its group", async () => {
  const { page } = browser;
  await page.getByRole("link", { name: "sync <n>: exit code 69" }).click();
  await page.getByRole("heading", { name: "sync <n>: exit code 69" }).waitFor();
  await page.getByRole("link", { name: "sync 17" }).waitFor();
  await page.goBack();
});

test("charts draw what was measured, and tell the same as a table whose rows lead to the tasks", async () => {
  const { page } = browser;
  await page.getByRole("button", { name: "15 min" }).click();
  await page.waitForURL(/range=15m/);
  const flow = page.getByRole("figure").filter({ hasText: "Tasks a minute" });
  await flow.getByRole("img", { name: /Tasks a minute: in \d+, out \d+, failed 1/ }).waitFor();
  // Something is drawn: the lines have colours that the grid has not.
  await page.waitForFunction(() => {
    const canvas = document.querySelector<HTMLCanvasElement>(".chart canvas");
    const pixels = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    for (let at = 0; at < pixels.length; at += 4) {
      const [red, green, blue, alpha] = [pixels[at]!, pixels[at + 1]!, pixels[at + 2]!, pixels[at + 3]!];
      if (alpha > 200 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60) return true;
    }
    return false;
  });
  await flow.getByText("As a table").click();
  const table = flow.getByRole("table", { name: "Tasks a minute" });
  await table.getByRole("button").first().click();
  await page.waitForURL(/created/);
  expect(await page.getByRole("combobox", { name: "Search tasks", exact: true }).inputValue()).toMatch(
    /^created:20\d\d-.*Z\.\.20\d\d-.*Z$/,
  );
  expect(await page.locator(".search-problems li").count()).toBe(0);
});

test("the same hours of the day before can be drawn beside, by a key too, and the address has it", async () => {
  const { page } = browser;
  await page.goto(`${system.gateway}/#/?range=15m`);
  const flow = page.getByRole("figure").filter({ hasText: "Tasks a minute" });
  await flow.getByText("failed").waitFor();
  expect(await flow.getByText("out, the day before").count()).toBe(0);
  await page.getByRole("heading", { name: "Overview" }).click();
  await page.keyboard.press("c");
  await page.waitForURL(/compare=true/);
  await flow.getByText("out, the day before").waitFor();
  await page.getByRole("figure").filter({ hasText: "Waited" }).getByText("p95, the day before").waitFor();
  await page.getByRole("checkbox", { name: "Beside the day before" }).uncheck();
  await flow.getByText("out, the day before").waitFor({ state: "detached" });
});

test("a queue has its own charts", async () => {
  const { page } = browser;
  await page.goto(`${system.gateway}/#/queue/sync?range=15m`);
  await page.getByRole("img", { name: /Tasks a minute: in 1, out 1, failed 1/ }).waitFor();
});

test("a problem opens on the page by itself, says what to do, and leads to its queue", async () => {
  const { page } = browser;
  await page.goto(`${system.gateway}/#/`);
  const tasks = Array.from({ length: 20 }, (_, index) => ({
    name: `breaks ${index}`,
    command: "exit 1",
    queue: "broken",
  }));
  await system.rest("/task/submit", { method: "POST", body: JSON.stringify({ tasks }) });
  const problem = page.locator(".problems li").filter({ hasText: /100 % of the tasks of queue broken/ });
  await problem.getByText("critical").waitFor();
  await problem.getByText("tss task list --queue broken --status failed").waitFor();
  const verdict = page.getByRole("region", { name: "Verdict" });
  await verdict.getByText(/100 % of the tasks of queue broken/).waitFor();
  await verdict.getByRole("link", { name: "See why" }).click();
  await page.getByRole("heading", { name: "broken" }).waitFor();
  await page.locator(".task-title").getByText("failing").waitFor();
});
