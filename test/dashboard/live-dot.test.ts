import { expect, test } from "@jest/globals";
import { dashboardHouse } from "../support/dashboard-house.ts";

/** How live a page is, said by the dot at the top. The first page that is opened is one of failures. */
const house = dashboardHouse("failures");
const updates = (word: string) => house.browser.page.getByRole("button", { name: `Updates: ${word}` }).waitFor();

test("failures come over the stream, also where theirs is the first page that is opened", async () => {
  const { page } = house.browser;
  await updates("live");
  await page.getByText("Nothing failed in this time.").waitFor();
  await house.ended(await house.submit({ name: "sync 7", command: "exit 69" }));
  await page.getByRole("link", { name: "sync <n>: exit code 69" }).waitFor();
  await page.getByRole("button", { name: "1 h", exact: true }).click();
  await page.getByRole("link", { name: "sync <n>: exit code 69" }).click();
  await page.getByText("Tasks ended").waitFor();
  await updates("live");
  const ended = () => page.locator(".rail").getByText("Tasks ended").locator("..");
  await ended().getByText("1", { exact: true }).waitFor();
  await house.ended(await house.submit({ name: "sync 8", command: "exit 69" }));
  await ended().getByText("2", { exact: true }).waitFor();
});

test("what happened is shown as it happens, and keeps its place below what is newer", async () => {
  const { page } = house.browser;
  const pause = (note: string) =>
    house.system.rest("/queue/pause/notes", { method: "POST", body: JSON.stringify({ note }) });
  await pause("first");
  for (let at = 0; at < 52; at++) await pause(`note ${at}`);
  await house.open("activity");
  await updates("live");
  await page.getByText("note 51", { exact: false }).first().waitFor();
  const first = page.getByText("first", { exact: false });
  expect(await first.count()).toBe(0);
  await page.getByRole("button", { name: "Show earlier ones" }).click();
  await first.first().waitFor();
  await pause("the very last");
  await page.getByText("the very last", { exact: false }).first().waitFor();
  await first.first().waitFor();
});

test("a page of which nothing comes over the stream says so; the next one is live", async () => {
  await house.open("nowhere");
  await updates("not live");
  await house.open("settings");
  await updates("live");
});
