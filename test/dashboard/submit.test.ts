import { expect, test } from "@jest/globals";
import { dashboardHouse } from "../support/dashboard-house.ts";

/** The form: what is wrong is said under its field, and what was asked for is what the task page shows. */
const house = dashboardHouse("submit");
const field = (name: string) => house.browser.page.getByLabel(name, { exact: true });
const send = () => house.browser.page.getByRole("button", { name: "Submit" }).click();
const title = () => house.browser.page.locator(".task-title");

test("what makes no sense is said under its field, which gets the focus, and nothing is submitted", async () => {
  const { page } = house.browser;
  await house.open("submit");
  await field("Command").waitFor();
  await send();
  await page.getByText("Say what to run.").waitFor();
  expect(await page.evaluate(() => document.activeElement?.getAttribute("name"))).toBe("command");
  await field("Command").fill("true");
  await field("Input").fill("{not json");
  await field("Delay").fill("soon");
  await field("Locks").fill("UPPER\nseats:0");
  await send();
  expect(await page.locator("[aria-invalid=true]").count()).toBe(3);
  await page.getByText('"UPPER" is no name of a lock.').waitFor();
  await field("Locks").fill("seats:0");
  await send();
  await page.getByText(/After the colon of seats: 1 to/).waitFor();
  await field("Locks").fill("seats\nseats");
  await send();
  await page.getByText("Each lock once.").waitFor();
  expect(new URL(page.url()).hash).toBe("#/submit");
});

test("locks are asked for, told beside the task, and who waits for one is led to its holder", async () => {
  const { page } = house.browser;
  const make = async (name: string, command: string, locks: string) => {
    // By way of another page, so that the form is empty.
    await house.open("settings");
    await page.getByRole("heading", { name: "Settings" }).waitFor();
    await house.open("submit");
    await page.getByRole("heading", { name: "Submit a task" }).waitFor();
    await field("Command").fill(command);
    await field("Name").fill(name);
    await field("Queue").fill("ledger");
    await field("Locks").fill(locks);
    await send();
    await page.getByRole("heading", { name, exact: true }).waitFor();
  };
  const rail = page.getByRole("complementary", { name: "Summary" });
  await make("holds both", "echo holding; sleep 300", "ledger\nseats:3");
  await title().getByText("running").waitFor();
  await rail.getByText("ledger, seats:3").waitFor();
  await page.getByRole("tab", { name: "Events" }).click();
  await page
    .getByText(/ledger/)
    .first()
    .waitFor();
  const holder = new URL(page.url()).hash;

  await make("waits", "true", "ledger");
  await title().getByText("blocked").waitFor();
  await rail.getByText("Needs locks").waitFor();
  const why = page.getByRole("region", { name: "Why it is where it is" });
  await why.getByText(/The lock ledger is held by task/).waitFor();
  const waiting = new URL(page.url()).hash;
  await why.getByRole("link").click();
  await page.getByRole("heading", { name: "holds both" }).waitFor();
  expect(new URL(page.url()).hash.split("?")[0]).toBe(holder.split("?")[0]);

  // Nobody is to be sent looking for slots because of a lock.
  await house.open("queue/ledger");
  await page.getByText("1 blocked").waitFor();
  await house.open(holder.slice(2));
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Cancel the task" }).click();
  await title().getByText("cancelled").waitFor();
  await house.open(waiting.slice(2));
  await title().getByText("succeeded").waitFor();
});
