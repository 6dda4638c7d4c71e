import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { openDashboard } from "../support/dashboard.ts";
import { dashboardHouse } from "../support/dashboard-house.ts";
import { isRunning } from "../support/is-running.ts";
import { until } from "../support/until.ts";

const CLIPBOARD = ["clipboard-read", "clipboard-write"];

const house = dashboardHouse();
beforeAll(async () => {
  await house.browser.context.grantPermissions(CLIPBOARD, { origin: house.system.gateway });
});

const submit = (body: object) => house.submit({ name: "a task", ...body });
const ended = async (id: string) => (await house.system.rest(`/task/wait/${id}?timeout=30`)).json();
const open = (id: string, rest = "") => house.open(`task/${id}${rest}`);

test("a cancel ends the process, and the page says so by itself", async () => {
  const { page } = house.browser;
  const id = await submit({ name: "endless", command: "echo $$; exec sleep 300" });
  await open(id);
  const line = page.locator(".log-text").first();
  await line.waitFor();
  const pid = Number(await line.textContent());
  expect(isRunning(pid)).toBe(true);
  await page.keyboard.press("c");
  await page.getByText(/SIGTERM, and SIGKILL after 10 s/).waitFor();
  await page.getByRole("button", { name: "Cancel the task" }).click();
  await page.locator(".task-title").getByText("cancelled").waitFor();
  expect(isRunning(pid)).toBe(false);
  await page.getByRole("button", { name: "Run again" }).waitFor();
});

test("running again makes a new task, and each leads to the other", async () => {
  const { page } = house.browser;
  const id = await submit({ name: "twice", command: "exit 3" });
  await ended(id);
  await open(id);
  await page.getByText("exit code 3").first().waitFor();
  await page.getByRole("button", { name: "Run again" }).click();
  await page.getByText("Made from").waitFor();
  expect(page.url()).not.toContain(id);
  await page.getByRole("complementary", { name: "Summary" }).getByRole("link", { name: /…/ }).click();
  await page.getByText("Run again as").waitFor();
  expect(page.url()).toContain(id);
});

test("why it waits is said in a sentence", async () => {
  const { page } = house.browser;
  await house.system.rest("/queue/pause/held", { method: "POST", body: JSON.stringify({ note: "supplier is down" }) });
  const id = await submit({ command: "true", queue: "held" });
  await open(id);
  await page
    .getByRole("region", { name: "Why it is where it is" })
    .getByText(/supplier is down/)
    .waitFor();
  await page.locator(".task-title").getByText("paused").waitFor();
  await house.system.rest("/queue/resume/held", { method: "POST", body: "{}" });
  await page.locator(".task-title").getByText("succeeded").waitFor();
});

test("attempts stand side by side, and each shows its own output", async () => {
  const { page } = house.browser;
  const id = await submit({ command: "echo attempt $TSS_ATTEMPT; exit 1", retry: { limit: 2, interval: 0.05 } });
  await ended(id);
  await open(id);
  const attempts = page.getByRole("list", { name: "Attempts" });
  await attempts.getByRole("button", { name: /#3/ }).waitFor();
  await page.getByText("attempt 3").waitFor();
  await attempts.getByRole("button", { name: /#1/ }).click();
  await page.locator(".log-text", { hasText: "attempt 1" }).waitFor();
  expect(page.url()).toContain("attempt=1");
});

test("input and result are shown as they are, large numbers too", async () => {
  const { page } = house.browser;
  const id = await submit({
    command: 'echo "{\\"big\\": 12345678901234567890, \\"html\\": \\"<b>x</b>\\"}" > "$TSS_OUTPUT"',
    payload: { user: "Ada", list: [1, 2] },
    env: { COLOUR: "blue" },
  });
  await ended(id);
  await open(id, "?tab=data");
  await page.getByText('"user": "Ada"').waitFor();
  await page.getByText('"big": 12345678901234567890').waitFor();
  await page.getByText('"html": "<b>x</b>"').waitFor();
  await page.getByText("blue").waitFor();
});

test("its events are told in their order", async () => {
  const { page } = house.browser;
  const id = await submit({
    command: 'echo \'{"message":"half way"}\' >&3; exit 4',
    retry: { limit: 1, interval: 0.05 },
  });
  await ended(id);
  await open(id, "?tab=events");
  await page.getByText("Attempt 2 ended: exit code 4").waitFor();
  const told = (await page.locator(".events li").allTextContents()).map((text) => text.replace(/^[\d:. -]+/, ""));
  const place = (start: string) => told.findIndex((text) => text.startsWith(start));
  expect(place("Submitted by key")).toBe(0);
  expect(place("Attempt 1 ended")).toBeLessThan(place("Attempt 2 was given to"));
  expect(place("Ended: failed, exit code 4")).toBe(told.length - 1);
});

async function copyAs(page: Page, item: string): Promise<void> {
  await page.getByRole("button", { name: "Copy as a call" }).click();
  await page.getByRole("menuitem", { name: item }).click();
}

test("it can be copied as a call", async () => {
  const { page } = house.browser;
  const id = await submit({ name: "it's copied", command: "echo 'a b'", labels: { x: "1" } });
  await open(id);
  for (const [item, told, wanted] of [
    [
      "Command line",
      "a command line",
      `tss task create --name 'it'\\''s copied' --queue default --command 'echo '\\''a b'\\''' --label x=1`,
    ],
    ["curl", "curl", "/task/submit"],
    ["Python", "Python", "tss.Client()"],
    ["TypeScript", "TypeScript", "createClient"],
  ] as const) {
    // It is said for a moment only: who looks for it begins before.
    await Promise.all([page.getByText(`Copied as ${told}`, { exact: true }).waitFor(), copyAs(page, item)]);
    expect((await page.evaluate(() => navigator.clipboard.readText())).replace("--queue default ", "")).toContain(
      wanted.replace("--queue default ", ""),
    );
  }
});

test("that it was copied is said for its whole time, also when another copy was made just before", async () => {
  const id = await submit({ command: "true" });
  // A browser of its own: a clock that is held is that of all its pages.
  await using own = await openDashboard(house.system);
  const { page, context } = own;
  await context.grantPermissions(CLIPBOARD, { origin: house.system.gateway });
  await page.clock.install();
  await page.goto(`${house.system.gateway}/#/task/${id}`);
  await page.getByRole("button", { name: "Copy as a call" }).waitFor();
  await page.clock.pauseAt(Date.now() + 60_000);
  for (const name of ["curl", "Python"]) {
    await copyAs(page, name);
    await page.getByText(`Copied as ${name}`, { exact: true }).waitFor();
    await page.clock.runFor(1_500);
  }
  expect(await page.getByText("Copied as Python", { exact: true }).isVisible()).toBe(true);
  await page.clock.runFor(1_000);
  await page.getByText("Copied as Python", { exact: true }).waitFor({ state: "detached" });
});

test("a copy is edited and submitted, with what the form has no field for", async () => {
  const { page } = house.browser;
  const id = await submit({ name: "model", command: "echo one", resources: { cpu: 1 }, timeout: 90 });
  await open(id);
  await page.getByRole("heading", { name: "model" }).waitFor();
  await page.keyboard.press("e");
  const command = page.getByRole("textbox", { name: "Command" });
  await command.waitFor();
  expect(await page.getByLabel("Timeout").inputValue()).toBe("90s");
  await command.fill("echo two");
  await page.getByLabel("Name").fill("copy");
  await page.getByRole("button", { name: "Submit" }).click();
  await page.getByRole("heading", { name: "copy", exact: true }).waitFor();
  const made = /task\/([^?]+)/.exec(page.url())?.[1] ?? "";
  const { spec } = (await (await house.system.rest(`/task/query/${made}`)).json()) as { spec: object };
  expect(spec).toMatchObject({ command: "echo two", resources: { cpu: 1 }, timeout: 90 });
});

test("it is set beside others of its kind, and beside the last that succeeded", async () => {
  const { page } = house.browser;
  const sleeps = (name: string, more: object = {}) => submit({ name, command: "true", queue: "usual", ...more });
  for (let made = 0; made < 21; made++) await ended(await sleeps("usual"));
  await until("their times are counted", async () => {
    const { total } = (await (await house.system.rest("/stats/series?queue=usual")).json()) as {
      total: { run: { count?: number } };
    };
    return (total.run.count ?? 0) >= 20;
  });
  const bad = await sleeps("usual", { command: "exit 3", env: { A: "1" } });
  await ended(bad);
  await page.goto(`${house.system.gateway}/#/task/${bad}`);
  const compared = page.getByRole("region", { name: "Compared with normal" });
  await compared
    .getByText(/^p50 .* · p95 /)
    .first()
    .waitFor();
  await compared.getByText("as usual").or(compared.getByText("longer than usual")).first().waitFor();
  await compared.getByText("with other command, environment.").waitFor();
  await compared.getByRole("link", { name: "The last that succeeded" }).click();
  await page.waitForFunction((before) => !location.hash.includes(before), bad);
  await page.getByText("It is the last of its kind that succeeded.").waitFor();
});

test("an id that never was, and one with a slip, are told apart from a fault", async () => {
  const { page } = house.browser;
  for (const id of ["0g0400000100010000006xbt55", "%3Cscript%3E", "nonsense"]) {
    await open(id);
    await page.getByText("There is no such task.").waitFor();
  }
});

test("output is saved byte for byte", async () => {
  const { page } = house.browser;
  const id = await submit({ command: "printf 'a\\377b\\n'; printf '\\033[31mred\\033[0m'" });
  await ended(id);
  await open(id);
  await page.getByText("red", { exact: true }).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download the whole output" }).click(),
  ]);
  const file = join(house.system.folder, "saved.log");
  await download.saveAs(file);
  expect(readFileSync(file)).toEqual(Buffer.from("a\u00ffb\n\u001b[31mred\u001b[0m", "latin1"));
  expect(download.suggestedFilename()).toBe(`${id}-attempt-1.log`);
});
