import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type DashboardPage, openDashboard } from "../support/dashboard.ts";
import { type DevSystem, startDev } from "../support/dev-system.ts";

/** Many tasks at once, groups of failures, what is written down of it, and keys. */
let system: DevSystem;
let browser: DashboardPage;
beforeAll(async () => {
  system = await startDev();
  browser = await openDashboard(system, { place: "tasks" });
});
afterAll(async () => {
  expect(browser?.faults ?? []).toEqual([]);
  await browser?.close();
  await system?.stop();
});

const submitAll = (tasks: readonly object[]) =>
  system.rest("/task/submit", { method: "POST", body: JSON.stringify({ tasks }) });
const open = (place: string, { page } = browser) => page.goto(`${system.gateway}/#/${place}`);
const choose = async (item: string) => {
  await browser.page.getByRole("button", { name: "Do something to all that fit" }).click();
  await browser.page.getByRole("menuitem", { name: item }).click();
};

/** As many as the number must be written for; ten thousand where there is time. */
const MANY = process.env["TEST_LONG"] === "1" ? 10_000 : 2_000;
const many = MANY.toLocaleString("en");

/** A machine that does much else takes its time over thousands. */
const PATIENT = { timeout: 120_000 };

test("thousands of tasks are cancelled and run again, after the number was written", async () => {
  for (let part = 0; part < MANY / 1_000; part++)
    await submitAll(
      Array.from({ length: 1_000 }, (_, index) => ({ name: `mass ${part}-${index}`, type: "later", queue: "mass" })),
    );
  const { page } = browser;
  await open("tasks?q=queue%3Amass");
  await page.getByText("100 tasks read so far").waitFor();
  await choose("Cancel them");
  const dialog = page.getByRole("dialog");
  await dialog.getByText(`${many} tasks will be cancelled`).waitFor(PATIENT);
  expect(await dialog.getByRole("list", { name: "Some of them" }).getByRole("listitem").count()).toBe(5);
  const go = dialog.getByRole("button", { name: `Cancel ${many} tasks` });
  expect(await go.isDisabled()).toBe(true);
  await dialog.getByLabel(`Write ${MANY} to go on`).fill(many);
  await go.click();
  await dialog.getByText(`All done: ${many} tasks cancelled.`).waitFor(PATIENT);
  await dialog.getByRole("button", { name: "Close" }).last().click();

  await choose("Run them again");
  await dialog.getByText(`${many} tasks will be run again`).waitFor(PATIENT);
  await dialog.getByLabel(`Write ${MANY} to go on`).fill(String(MANY));
  await dialog.getByRole("button", { name: `Run ${many} tasks again` }).click();
  await dialog.getByText(`All done: ${many} tasks run again.`).waitFor(PATIENT);
  const { tasks } = (await (await system.rest("/task/list?queue=mass&status=waiting&limit=1")).json()) as {
    tasks: { retryOf?: string }[];
  };
  expect(tasks[0]?.retryOf).toBeTruthy();
  const { queues } = (await (await system.rest("/queue/list")).json()) as {
    queues: { name: string; counts: { waiting: number; cancelled: number } }[];
  };
  expect(queues.find(({ name }) => name === "mass")?.counts).toMatchObject({ waiting: MANY, cancelled: MANY });
}, 300_000);

test("shut while it runs, a job goes on, also on another page", async () => {
  const { page } = browser;
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await submitAll(
    Array.from({ length: 30 }, (_, index) => ({ name: `slow ${index}`, command: "true", queue: "slow", delay: 3_600 })),
  );
  await open("tasks?q=queue%3Aslow");
  await page.getByText("30 tasks in all").waitFor();
  await choose("Cancel them");
  await dialog.getByRole("button", { name: "Cancel 30 tasks" }).click();
  await dialog.getByText("All done: 30 tasks cancelled.").waitFor();
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await choose("Run them again");
  await dialog.getByLabel("How fast").selectOption("10");
  await dialog.getByRole("button", { name: "Run 30 tasks again" }).click();
  await dialog.getByRole("button", { name: "Go on in the background" }).click();
  await open("queues");
  const line = page.getByRole("complementary", { name: "Run again" });
  await line.getByText("30 of 30 tasks").waitFor();
  await line.getByRole("button", { name: "Show" }).click();
  await dialog.getByText("All done: 30 tasks run again.").waitFor();
  await dialog.getByRole("button", { name: "Close" }).last().click();
});

test("a group of failures is run again, and only it", async () => {
  const { page } = browser;
  await submitAll([
    ...Array.from({ length: 3 }, (_, index) => ({ name: `sync ${index}`, command: "exit 69", queue: "sync" })),
    { name: "other", command: "exit 1", queue: "sync" },
  ]);
  await open("failures");
  await page.getByRole("link", { name: "sync <n>: exit code 69" }).click();
  await page.getByRole("heading", { name: "sync <n>: exit code 69" }).waitFor();
  await page.getByRole("button", { name: "Run all again" }).click();
  await page.getByRole("button", { name: "Run 3 tasks again" }).click();
  await page.getByText("All done: 3 tasks run again.").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
  await page.getByRole("link", { name: "All that failed like this" }).click();
  await page.getByText("6 tasks in all").waitFor();
  expect(await page.getByRole("row").filter({ hasText: "other" }).count()).toBe(0);
});

test("who did it is written down, and can be told from what happened by itself", async () => {
  const { page } = browser;
  await open("activity");
  await page
    .getByText(/cancelled \d[\d,]* tasks/)
    .first()
    .waitFor();
  await page.getByRole("button", { name: "System", exact: true }).click();
  await page.waitForURL(/kind=system/);
  await page.getByText(/cancelled \d/).waitFor({ state: "detached" });
  await page.getByRole("listitem").filter({ hasText: "started" }).first().waitFor();
});

test("a key is made, shown once, used, and revoked; who may not does not see keys", async () => {
  const { page } = browser;
  await open("settings");
  await page.getByRole("button", { name: "Create a key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Create the key" }).click();
  await dialog.getByText("Say what the key is for.").waitFor();
  await dialog.getByLabel("Name").fill("ci <3");
  await dialog.getByLabel("Role").selectOption("ROLE_OPERATOR");
  await dialog.getByRole("button", { name: "Create the key" }).click();
  const secret = (await dialog.locator(".secret code").textContent()) ?? "";
  expect(secret).toMatch(/^tss_/);
  await dialog.getByRole("button", { name: "I have kept it" }).click();
  const row = page.getByRole("row").filter({ hasText: "ci <3" });
  await row.getByText("good").waitFor();
  expect(await page.content()).not.toContain(secret);

  const operator = await openDashboard(system, { key: secret, place: "settings" });
  await operator.page.getByText("It takes writes").waitFor();
  await operator.page.getByText("operator", { exact: true }).first().waitFor();
  expect(await operator.page.getByText("API keys").count()).toBe(0);

  await row.getByRole("button", { name: "Revoke ci <3" }).click();
  await page.getByRole("button", { name: "Revoke the key" }).click();
  await row.getByText("revoked").waitFor();
  await operator.page.getByRole("heading", { name: "Sign in to TSS" }).waitFor();
  await operator.close();
});
