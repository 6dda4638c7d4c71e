import { expect, test } from "@jest/globals";
import { openDashboard } from "../support/dashboard.ts";
import { dashboardHouse } from "../support/dashboard-house.ts";

/** Many tasks at once, groups of failures, what is written down of it, and keys. */
const house = dashboardHouse();

const submitAll = (tasks: readonly object[]) =>
  house.system.rest("/task/submit", { method: "POST", body: JSON.stringify({ tasks }) });
const { open } = house;
const choose = async (item: string) => {
  await house.browser.page.getByRole("button", { name: "Do something to all that fit" }).click();
  await house.browser.page.getByRole("menuitem", { name: item }).click();
};

/** As many as the number must be written for; ten thousand where there is time. */
const MANY = process.env["TEST_LONG"] === "1" ? 10_000 : 2_000;
const many = MANY.toLocaleString("en");

/** A machine that does much else takes its time over thousands. */
const PATIENT = { timeout: 120_000 };

/** What was confirmed is a line at the bottom. It need not wait its ten seconds, unless they are over before the click comes. */
const lineOf = (name: string, { page } = house.browser) => page.getByRole("complementary", { name, exact: true });
const begin = (name: string) =>
  lineOf(name)
    .getByRole("button", { name: /^Now/ })
    .click({ timeout: 10_000 })
    .catch(() => undefined);
const closeLine = (name: string) => lineOf(name).getByRole("button", { name: "Close" }).click();
const ofQueue = (queue: string) => `tasks?q=queue%3A${queue}`;
const sleepers = (queue: string, count: number) =>
  submitAll(
    Array.from({ length: count }, (_, index) => ({ name: `${queue} ${index}`, command: "true", queue, delay: 3_600 })),
  );

test("thousands of tasks are cancelled and run again, after the number was written", async () => {
  for (let part = 0; part < MANY / 1_000; part++)
    await submitAll(
      Array.from({ length: 1_000 }, (_, index) => ({ name: `mass ${part}-${index}`, type: "later", queue: "mass" })),
    );
  const { page } = house.browser;
  await open(ofQueue("mass"));
  await page.getByText("100 tasks read so far").waitFor();
  await choose("Cancel them");
  const dialog = page.getByRole("dialog");
  await dialog.getByText(`${many} tasks will be cancelled`).waitFor(PATIENT);
  expect(await dialog.getByRole("list", { name: "Some of them" }).getByText("mass").count()).toBe(10);
  const go = dialog.getByRole("button", { name: `Cancel ${many} tasks` });
  expect(await go.isDisabled()).toBe(true);
  await dialog.getByLabel(`Write ${MANY} to go on`).fill(many);
  await go.click();
  await begin("Cancel");
  await lineOf("Cancel").getByText(`All done: ${many} tasks cancelled.`).waitFor(PATIENT);
  await closeLine("Cancel");

  await choose("Run them again");
  await dialog.getByText(`${many} tasks will be run again`).waitFor(PATIENT);
  await dialog.getByLabel(`Write ${MANY} to go on`).fill(String(MANY));
  await dialog.getByRole("button", { name: `Run ${many} tasks again` }).click();
  await begin("Run again");
  await lineOf("Run again").getByText(`All done: ${many} tasks run again.`).waitFor(PATIENT);
  await closeLine("Run again");
  const { tasks } = (await (await house.system.rest("/task/list?queue=mass&status=waiting&limit=1")).json()) as {
    tasks: { retryOf?: string }[];
  };
  expect(tasks[0]?.retryOf).toBeTruthy();
  const { queues } = (await (await house.system.rest("/queue/list")).json()) as {
    queues: { name: string; counts: { waiting: number; cancelled: number } }[];
  };
  expect(queues.find(({ name }) => name === "mass")?.counts).toMatchObject({ waiting: MANY, cancelled: MANY });
}, 300_000);

test("a search that has no index says how far back it has looked, and goes on when asked", async () => {
  // More than the 20,000 that are looked at for one page.
  for (let part = 0; part < Math.ceil((20_001 - 2 * MANY) / 1_000); part++)
    await submitAll(Array.from({ length: 1_000 }, () => ({ name: "somebody", type: "later", queue: "crowd" })));
  const { page } = house.browser;
  await open("tasks?q=name%3Anobody");
  await page.getByText("Nothing found so far.").waitFor();
  await page.getByText(/Searched back to 20\d\d-/).waitFor();
  await page.getByRole("button", { name: "Keep searching" }).click();
  await page.getByText("No task fits this search.").waitFor();
});

test("undone before it begins, nothing was touched", async () => {
  const { page } = house.browser;
  await sleepers("saved", 3);
  await open(ofQueue("saved"));
  await page.getByText("3 tasks in all").waitFor();
  await choose("Cancel them");
  await page.getByRole("button", { name: "Cancel 3 tasks" }).click();
  await lineOf("Cancel").getByText("3 tasks will be cancelled").waitFor();
  await lineOf("Cancel").getByRole("button", { name: "Undo" }).click();
  await lineOf("Cancel").getByText("Undone: nothing was touched.").waitFor();
  await closeLine("Cancel");
  const { tasks } = (await (await house.system.rest("/task/list?queue=saved&status=waiting")).json()) as {
    tasks: unknown[];
  };
  expect(tasks).toHaveLength(3);
});

test("it goes on when its page is shut, is there when one comes back, and can be stopped", async () => {
  const { page } = house.browser;
  await sleepers("slow", 400);
  await open(ofQueue("slow"));
  await page.getByText("100 tasks read so far").waitFor();
  await choose("Cancel them");
  await page.getByRole("button", { name: "Cancel 400 tasks" }).click();
  await begin("Cancel");
  await lineOf("Cancel").getByText("All done: 400 tasks cancelled.").waitFor();
  await closeLine("Cancel");
  await choose("Run them again");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("How fast").selectOption("10");
  await dialog.getByRole("button", { name: "Run 400 tasks again" }).click();
  await begin("Run again");
  await lineOf("Run again")
    .getByText(/of 400 tasks/)
    .waitFor();
  await page.goto("about:blank");
  await open("queues");
  await lineOf("Run again")
    .getByText(/[1-9]0 of 400 tasks/)
    .waitFor();
  await lineOf("Run again").getByRole("button", { name: "Show" }).click();
  await dialog.getByRole("button", { name: "Stop" }).click();
  await dialog.getByText(/^Stopped: \d+0 tasks run again\.$/).waitFor();
  await dialog.getByRole("button", { name: "Close" }).last().click();
});

test("rows are chosen with the mouse and with keys, and only they are meant", async () => {
  const { page } = house.browser;
  await sleepers("chosen", 6);
  await open(ofQueue("chosen"));
  await page.getByText("6 tasks in all").waitFor();
  const box = (name: string) => page.getByRole("checkbox", { name: `Choose ${name}` });
  await box("chosen 5").click();
  await box("chosen 3").click({ modifiers: ["Shift"] });
  const bar = page.getByRole("region", { name: "Chosen tasks" });
  await bar.getByText("3 tasks chosen").waitFor();
  await page.getByRole("link", { name: "chosen 0" }).focus();
  await page.keyboard.press("x");
  await page.keyboard.press("k");
  await page.keyboard.press("x");
  await bar.getByText("5 tasks chosen").waitFor();
  await box("chosen 4").click();
  // Nothing comes in while rows are chosen.
  await submitAll([{ name: "chosen late", command: "true", queue: "chosen", delay: 3_600 }]);
  await page.getByRole("button", { name: /^1 new$/ }).waitFor();
  expect(await bar.getByRole("button", { name: "Run again" }).isDisabled()).toBe(true);
  await bar.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("dialog").getByText("4 tasks will be cancelled").waitFor();
  await page.getByRole("button", { name: "Cancel 4 tasks" }).click();
  await begin("Cancel");
  await lineOf("Cancel").getByText("All done: 4 tasks cancelled.").waitFor();
  await closeLine("Cancel");
  const { tasks } = (await (await house.system.rest("/task/list?queue=chosen&status=waiting")).json()) as {
    tasks: { name: string }[];
  };
  expect(tasks.map(({ name }) => name)).toEqual(["chosen late", "chosen 4", "chosen 2"]);
  await page.mouse.move(2, 2);
  await page.keyboard.press("Escape");
  await bar.waitFor({ state: "detached" });
  await page.getByRole("link", { name: "chosen late" }).waitFor();
});

test("a group of failures is run again, and only it", async () => {
  const { page } = house.browser;
  await submitAll([
    ...Array.from({ length: 3 }, (_, index) => ({ name: `sync ${index}`, command: "exit 69", queue: "sync" })),
    { name: "other", command: "exit 1", queue: "sync" },
  ]);
  await open("failures");
  await page.getByRole("link", { name: "sync <n>: exit code 69" }).click();
  await page.getByRole("heading", { name: "sync <n>: exit code 69" }).waitFor();
  await page.getByRole("button", { name: "Run all again" }).click();
  await page.getByRole("button", { name: "Run 3 tasks again" }).click();
  await begin("Run again");
  await page.getByText("All done: 3 tasks run again.").waitFor();
  await closeLine("Run again");
  await page.getByRole("link", { name: "All that failed like this" }).click();
  await page.getByText("6 tasks in all").waitFor();
  expect(await page.getByRole("row").filter({ hasText: "other" }).count()).toBe(0);
});

test("who did it is written down, and can be told from what happened by itself", async () => {
  const { page } = house.browser;
  await open("activity");
  await page
    .getByText(/cancelled \d[\d,]* tasks/)
    .first()
    .waitFor();
  await page.getByRole("button", { name: "System", exact: true }).click();
  await page.waitForURL(/kind=system/);
  await page
    .getByText(/cancelled \d/)
    .first()
    .waitFor({ state: "detached" });
  await page.getByRole("listitem").filter({ hasText: "started" }).first().waitFor();
});

test("a key is made, shown once, used, and revoked; who may not does not see keys", async () => {
  const { page } = house.browser;
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

  const operator = await openDashboard(house.system, { key: secret, place: "settings" });
  await operator.page.getByText("It takes writes").waitFor();
  await operator.page.getByText("operator", { exact: true }).first().waitFor();
  expect(await operator.page.getByText("API keys").count()).toBe(0);

  await row.getByRole("button", { name: "Revoke ci <3" }).click();
  await page.getByRole("button", { name: "Revoke the key" }).click();
  await row.getByText("revoked").waitFor();
  await operator.page.getByRole("heading", { name: "Sign in to TSS" }).waitFor();
  await operator.close();
});
