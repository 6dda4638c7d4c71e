import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type DashboardPage, openBrowser, openDashboard } from "../support/dashboard.ts";
import { type DevSystem, startDev } from "../support/dev-system.ts";

let system: DevSystem;
let browser: DashboardPage;
beforeAll(async () => {
  system = await startDev();
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

const makeKey = async (name: string, role: string) => {
  const answer = await system.rest("/key/create", { method: "POST", body: JSON.stringify({ name, role, ttl: 600 }) });
  return (await answer.json()) as { secret: string; apiKey: { id: string } };
};

test("a wrong key is refused with a sentence; the right one opens the page that was asked for", async () => {
  const { page } = browser;
  await page.goto(`${system.gateway}/#/submit`);
  await page.getByLabel("API key").fill("tss_nonsense");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert").textContent()).resolves.toMatch(/key/i);
  await page.getByLabel("API key").fill(system.key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Submit a task" }).waitFor();
  expect(new URL(page.url()).hash).toBe("#/submit");
  expect(browser.faults).toEqual([]);
});

test("scripts cannot read the session, and it outlives a reload", async () => {
  const { page, context } = browser;
  const [cookie] = await context.cookies(system.gateway);
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/" });
  expect(cookie?.value).not.toContain(system.key);
  expect(await page.evaluate(() => document.cookie)).toBe("");
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toContain("tss_");
  await page.reload();
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
});

test("signing out shows the way in and takes the session away", async () => {
  const { page, context } = browser;
  await page.getByRole("button", { name: /Signed in as admin/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByText("You are signed out.").waitFor();
  expect(await context.cookies(system.gateway)).toEqual([]);
});

test("a link signs in once and leaves the address", async () => {
  const signedIn = await openDashboard(system, { place: "submit" });
  try {
    await signedIn.page.getByRole("heading", { name: "Submit a task" }).waitFor();
    expect(new URL(signedIn.page.url()).hash).toBe("#/submit");
  } finally {
    await signedIn.close();
  }
  const { code } = (await (await system.rest("/session/link", { method: "POST" })).json()) as { code: string };
  const { page } = browser;
  // In a page that is there already.
  await page.goto(`${system.gateway}/#/sign-in/${code}/`);
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
  await page.goto("about:blank");
  await browser.context.clearCookies();
  await page.goto(`${system.gateway}/#/sign-in/${code}/`);
  await page.getByText(/This link was used/).waitFor();
});

test("what the key may not do is not offered", async () => {
  const { secret } = await makeKey("looks only", "viewer");
  const viewer = await openDashboard(system, { key: secret, place: "tasks" });
  try {
    await viewer.page.getByRole("link", { name: "hello" }).first().click();
    await viewer.page.getByRole("heading", { name: "hello" }).waitFor();
    await viewer.page.getByRole("button", { name: "Copy as a call" }).waitFor();
    for (const name of ["Run again", "Cancel", "Edit a copy"])
      expect(await viewer.page.getByRole("button", { name }).count()).toBe(0);
    expect(await viewer.page.getByRole("link", { name: "Submit" }).count()).toBe(0);
  } finally {
    await viewer.close();
  }
});

test("a key that is revoked while the page is open leads to the way in, and back to the page", async () => {
  const { secret, apiKey } = await makeKey("soon gone", "operator");
  const guest = await openDashboard(system, { key: secret, place: "tasks?q=status%3Asucceeded" });
  try {
    await guest.page.getByRole("button", { name: "Updates: live" }).waitFor();
    await system.rest(`/key/revoke/${apiKey.id}`, { method: "POST", body: "{}" });
    await guest.page.getByText(/Sign in again; you will be back on this page/).waitFor();
    await guest.page.getByLabel("API key").fill(system.key);
    await guest.page.getByRole("button", { name: "Sign in" }).click();
    await guest.page.getByRole("heading", { name: "Tasks" }).waitFor();
    expect(await guest.page.getByRole("combobox", { name: "Search tasks", exact: true }).inputValue()).toBe(
      "status:succeeded",
    );
    expect(guest.faults).toEqual([]);
  } finally {
    await guest.close();
  }
});
