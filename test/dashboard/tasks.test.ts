import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "@jest/globals";
import { dashboardHouse } from "../support/dashboard-house.ts";

const house = dashboardHouse();
beforeEach(async () => {
  // Away from the list, so that nothing holds it.
  await house.browser.page.mouse.move(2, 2);
});

const { ended } = house;
const submit = (name: string, command = "true", more: object = {}) => house.submit({ name, command, ...more });
const open = async (q: string) => {
  await house.open(`tasks?q=${encodeURIComponent(q)}`);
  await house.browser.page.getByRole("combobox", { name: "Search tasks", exact: true }).waitFor();
};
const row = (name: string) => house.browser.page.getByRole("row").filter({ hasText: name });

test("a task appears and its state changes in its place, without a reload", async () => {
  await open("");
  const id = await submit("comes alive", "read line < wait.fifo", { workingDirectory: house.system.folder });
  await row("comes alive").getByText("running").or(row("comes alive").getByText("failed")).waitFor();
  await house.system.rest(`/task/cancel/${id}`, { method: "POST" });
  await ended(id);
  await row("comes alive")
    .getByText(/cancelled|failed/)
    .waitFor();
});

test("nothing moves under the pointer: what is new waits behind a button", async () => {
  await open("");
  await row("hello").first().hover();
  await submit("waits outside");
  const fresh = house.browser.page.getByRole("button", { name: /^1 new$/ });
  await fresh.waitFor();
  expect(await row("waits outside").count()).toBe(0);
  await fresh.click();
  await row("waits outside").waitFor();
});

test("a search is its address, and shows what fits and nothing else", async () => {
  await ended(await submit("breaks", "exit 7", { queue: "mail", labels: { customer: "42" } }));
  await ended(await submit("works", "true", { queue: "mail" }));
  const { page } = house.browser;
  await open("");
  const field = page.getByRole("combobox", { name: "Search tasks", exact: true });
  await field.fill("queue:mail status:failed label:customer=42");
  await field.press("Enter");
  await row("breaks").waitFor();
  expect(await row("works").count()).toBe(0);
  expect(decodeURIComponent(page.url())).toContain("queue:mail status:failed label:customer=42".replaceAll(" ", "+"));
  await page.getByText("exit code 7").waitFor();
  await page.goBack();
  expect(await field.inputValue()).toBe("");
});

test("what cannot be searched for is said under its word, and no empty list is shown for it", async () => {
  const { page } = house.browser;
  await open("status:done colour:red");
  await page.getByText('"done" is no status').waitFor();
  await page.getByText('Tasks cannot be searched by "colour"').waitFor();
  expect(await page.locator(".search-marks u").allTextContents()).toEqual(["status:done", "colour:red"]);
  await page.getByText("nothing was searched").waitFor();
  expect(await page.getByText("No task fits").count()).toBe(0);
});

test("a search by an error, a payload, a wait, and by what is left out finds that and nothing else", async () => {
  const { page } = house.browser;
  const sell = (name: string, command: string, payload: object) =>
    submit(name, command, { queue: "shop", payload, labels: { of: name } });
  await ended(await sell("small order", "exit 3", { order: { lines: [{ sku: "a-1" }] } }));
  await ended(await sell("large order", "exit 4", { order: { lines: [{ sku: "a-1" }, { sku: "b-2" }] } }));
  await ended(await sell("paid order", "true", { order: { lines: [{ sku: "b-2" }] } }));
  const finds = async (q: string, ...wanted: string[]) => {
    await open(q);
    for (const name of wanted) await row(name).waitFor();
    await page.getByText(wanted.length === 1 ? "1 task in all" : `${wanted.length} tasks in all`).waitFor();
  };
  await finds("queue:shop args.order.lines.sku:b-2", "large order", "paid order");
  await finds('queue:shop error:"EXIT CODE 3"', "small order");
  await finds('queue:shop args.order.lines.sku:a-1 -label:"of=small order"', "large order");
  await finds('queue:shop -status:failed wait:<1h -"nobody"', "paid order");
  await finds("queue:shop -args.order.lines.sku:b-2", "small order");
  await open("queue:shop wait:>1h");
  await page.getByText("No task fits this search.").waitFor();
});

test("all that fit such a search are meant by what is done to them, and no other", async () => {
  const { page } = house.browser;
  await open('queue:shop args.order.lines.sku:a-1 -error:"exit code 4"');
  await row("small order").waitFor();
  await page.getByRole("button", { name: "Do something to all that fit" }).click();
  await page.getByRole("menuitem", { name: "Run them again" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("1 task will be run again").waitFor();
  await dialog.getByText("small order").waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
});

test("what fits a search is saved as a file, and nothing else", async () => {
  const { page } = house.browser;
  await open("queue:shop status:failed wait:<1h -label:absent args.order.lines.sku:a-1");
  await row("large order").waitFor();
  await page.getByRole("button", { name: /^Save the list as a file/ }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name: "CSV, for a spreadsheet" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("tasks.csv");
  const file = join(house.system.folder, "tasks.csv");
  await download.saveAs(file);
  const lines = readFileSync(file, "utf8").trim().split("\r\n");
  expect(lines.slice(1).map((line) => line.split(",")[1])).toEqual(["large order", "small order"]);
});

test("a search is kept under a name, taken up in another tab, and forgotten", async () => {
  const { page, context } = house.browser;
  await open("queue:shop -status:succeeded");
  await row("small order").waitFor();
  await page.getByRole("button", { name: "Views: none" }).click();
  await page.getByRole("menuitem", { name: "Keep this search …" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Keep it" }).click();
  await dialog.getByText("Say what it is to be called.").waitFor();
  await dialog.getByLabel("Name").fill("  Unpaid <b>orders</b> ");
  await dialog.getByRole("button", { name: "Keep it" }).click();
  await page.getByRole("button", { name: "Views: Unpaid <b>orders</b>" }).waitFor();
  const second = await context.newPage();
  await second.goto(`${house.system.gateway}/#/tasks`);
  await second.getByRole("button", { name: "Views: none" }).click();
  await second.getByRole("menuitemradio", { name: "Unpaid <b>orders</b>" }).click();
  await second.getByRole("row").filter({ hasText: "small order" }).waitFor();
  expect(decodeURIComponent(second.url())).toContain("queue:shop+-status:succeeded");
  await second.getByRole("button", { name: "Views: Unpaid <b>orders</b>" }).click();
  await second.getByRole("menuitem", { name: /^Forget/ }).click();
  await page.getByRole("button", { name: "Views: none" }).waitFor();
  await second.close();
});

test("a search that finds nothing says so, and how to see all", async () => {
  const { page } = house.browser;
  await open('name:"no such task"');
  await page.getByText("No task fits this search.").waitFor();
  await page.getByRole("button", { name: "Show all tasks" }).click();
  await row("hello").first().waitFor();
});

test("suggestions complete fields, states and queues that exist", async () => {
  const { page } = house.browser;
  await open("");
  const field = page.getByRole("combobox", { name: "Search tasks", exact: true });
  await field.pressSequentially("que");
  await field.press("ArrowDown");
  await field.press("Enter");
  await field.pressSequentially("ma");
  await page.getByRole("option", { name: "mail" }).waitFor();
  await field.press("ArrowDown");
  await field.press("Enter");
  expect(await field.inputValue()).toBe("queue:mail ");
  await field.press("Enter");
  await row("breaks").waitFor();
});

test("the status buttons edit the search, and count", async () => {
  const { page } = house.browser;
  await open("queue:mail");
  const failed = page.getByRole("button", { name: /^failed\s*1$/ });
  await failed.click();
  expect(await page.getByRole("combobox", { name: "Search tasks", exact: true }).inputValue()).toBe(
    "queue:mail status:failed",
  );
  await row("breaks").waitFor();
  await row("works").waitFor({ state: "detached" });
  await failed.click();
  await row("works").waitFor();
});

test("an id leads to its task, also from the field at the top", async () => {
  const id = await submit("by its id");
  const { page } = house.browser;
  await page.keyboard.press("Control+k");
  await page.keyboard.type(id);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "by its id" }).waitFor();
});

test("a long list is read on as it is scrolled, and holds few rows of it", async () => {
  const tasks = Array.from({ length: 350 }, (_, index) => ({
    name: `row ${index}`,
    command: "true",
    delay: 3_600,
    queue: "long",
  }));
  await house.system.rest("/task/submit", { method: "POST", body: JSON.stringify({ tasks }) });
  const { page } = house.browser;
  await open("queue:long");
  await page.getByText("100 tasks read so far").waitFor();
  const rows = page.getByRole("rowgroup", { name: "Rows" });
  for (;;) {
    const foot = await page.locator(".table-foot").textContent();
    if (foot?.includes("350 tasks in all")) break;
    await rows.evaluate((box) => box.scrollTo({ top: box.scrollHeight }));
    await page.waitForFunction((before) => document.querySelector(".table-foot")?.textContent !== before, foot);
  }
  await rows.evaluate((box) => box.scrollTo({ top: box.scrollHeight }));
  await page.getByRole("link", { name: "row 0", exact: true }).waitFor();
  expect(await page.getByRole("row").count()).toBeLessThan(60);
});

test("text of a task is text", async () => {
  await submit('<img src=x onerror="document.title=1">\u202egnp', "true", { queue: "odd" });
  await open("queue:odd");
  const link = house.browser.page.locator(".row-link").first();
  await link.waitFor();
  expect(await link.textContent()).toBe('<img src=x onerror="document.title=1">⟨U+202E⟩gnp');
  expect(await house.browser.page.title()).toBe("Tasks · TSS");
});

test("a time is chosen from when tasks came, with the mouse and with keys", async () => {
  const { page } = house.browser;
  await ended(await submit("in the picture", "true", { queue: "brush" }));
  await page.goto(`${house.system.gateway}/#/tasks?q=queue%3Abrush&range=15m`);
  const picture = page.getByRole("region", { name: "When they came" });
  await picture.getByText(": 1 submitted").waitFor();
  const field = page.getByRole("combobox", { name: "Search tasks", exact: true });
  const box = (await picture.locator(".brush").boundingBox())!;
  // The first quarter: nothing came then.
  await page.mouse.move(box.x + 2, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 4, box.y + 20, { steps: 3 });
  await page.mouse.up();
  await page.getByText("No task fits this search.").waitFor();
  expect(await field.inputValue()).toMatch(/^queue:brush created:[\dT:-]+Z\.\.[\dT:-]+Z$/);
  await picture.getByText(": 0 submitted").waitFor();
  await picture.getByRole("slider", { name: "To" }).focus();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await row("in the picture").waitFor();
  await picture.getByRole("slider", { name: "From" }).focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  // Up to now, so that what comes is in it.
  await page.waitForFunction(() => /created%3A[^&]*Z\.\.(&|$)/.test(location.hash));
  await row("in the picture").waitFor();
  await picture.getByRole("button", { name: "Any time" }).click();
  await page.waitForFunction(() => !location.hash.includes("created"));
  expect(await field.inputValue()).toBe("queue:brush");
});
