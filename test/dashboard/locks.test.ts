import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type DashboardPage, openDashboard } from "../support/dashboard.ts";
import { type DevSystem, startDev } from "../support/dev-system.ts";

/** Locks as they are held and waited for, and how an operator takes one from a holder that is gone. */
let system: DevSystem;
let browser: DashboardPage;
let viewer: DashboardPage;
beforeAll(async () => {
  system = await startDev();
  const key = async (role: string) => {
    const body = JSON.stringify({ name: `the ${role}`, role });
    return ((await (await system.rest("/key/create", { method: "POST", body })).json()) as { secret: string }).secret;
  };
  browser = await openDashboard(system, { place: "locks", key: await key("operator") });
  viewer = await openDashboard(system, { place: "locks", key: await key("viewer") });
});
afterAll(async () => {
  expect([...(browser?.faults ?? []), ...(viewer?.faults ?? [])]).toEqual([]);
  await browser?.close();
  await viewer?.close();
  await system?.stop();
});

const post = async (path: string, body: object) =>
  (await (await system.rest(path, { method: "POST", body: JSON.stringify(body) })).json()) as Record<string, string>;
const acquire = (name: string, holder: string, more: object = {}) =>
  post("/lock/acquire", { name, holder, ttl: 3_600, ...more });
const open = (place: string, { page } = browser) => page.goto(`${system.gateway}/#/${place}`);
const row = (name: string, { page } = browser) => page.getByRole("row").filter({ hasText: name });
const table = (name: string, { page } = browser) => page.getByRole("table", { name, exact: true });

test("without a lock the page says how one is taken; g l leads to it, as its name in the field at the top does", async () => {
  const { page } = browser;
  await page.getByText("Nobody holds a lock just now.").waitFor();
  await open("settings");
  await page.getByRole("heading", { name: "Settings" }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("l");
  await page.getByRole("heading", { name: "Locks" }).waitFor();
  await open("settings");
  await page.getByRole("heading", { name: "Settings" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("locks");
  await page.getByRole("option", { name: /Locks/ }).last().waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Locks" }).waitFor();
});

test("a holder and a waiter appear as they come; taken away, the lock is the next one's, and the holder's command ends", async () => {
  const { page } = browser;
  const run = (holder: string, command: string) =>
    system.tss("lock", "run", "deploy", "--ttl", "3s", "--holder", holder, "--", "sh", "-c", command);
  await open("locks");
  const first = run("host-a <b>is</b> slow", "sleep 300");
  await row("deploy").getByText("host-a <b>is</b> slow").waitFor();
  await row("deploy").getByText("1 of 1").waitFor();
  await row("deploy").getByRole("cell", { name: "0", exact: true }).waitFor();
  const next = run("host-b", "until [ -e go ]; do sleep 0.1; done");
  await row("deploy").getByRole("cell", { name: "1", exact: true }).waitFor();

  await page.getByRole("link", { name: "deploy", exact: true }).click();
  await page.locator(".task-title").getByText("waited for").waitFor();
  await table("In line").getByRole("row").filter({ hasText: "host-b" }).waitFor();
  const { lock } = (await (await system.rest("/lock/query/deploy")).json()) as {
    lock: { holders: { token: string; keyId: string }[] };
  };
  const [held] = lock.holders;
  const holder = table("Holders").getByRole("row").filter({ hasText: "host-a" });
  await holder.getByText(String(held?.token), { exact: true }).waitFor();
  await holder.getByText(String(held?.keyId), { exact: true }).waitFor();

  await open("locks/deploy", viewer);
  await row("host-b", viewer).waitFor();
  expect(await viewer.page.getByRole("button", { name: /Take away/ }).count()).toBe(0);

  await page.getByRole("button", { name: "Take away" }).click();
  const dialog = page.getByRole("dialog", { name: "Take deploy away?" });
  await dialog.getByText(/learns of it at its next renewal/).waitFor();
  await dialog.getByText(/The next in line, host-b, has it at once/).waitFor();
  await dialog.getByRole("button", { name: "Take it away" }).click();
  await dialog.waitFor({ state: "detached" });
  await page
    .getByText(`deploy was taken from host-a <b>is</b> slow (token ${held?.token}). Now host-b has it.`)
    .waitFor();
  await table("Holders").getByRole("row").filter({ hasText: "host-b" }).waitFor();
  await page.getByText("Nobody waits for it.").waitFor();
  await row("host-b", viewer).getByText(/^in /).waitFor();
  const lost = await first;
  expect(lost.stderr).toContain("The command is told to end.");
  expect(lost.code).not.toBe(0);

  writeFileSync(join(system.folder, "go"), "");
  expect((await next).code).toBe(0);
  await page.getByText("Nobody holds it.").waitFor();
  expect(await page.getByRole("button", { name: "Take away" }).count()).toBe(0);
  await open("activity");
  await page.getByText(/took lock deploy from host-a <b>is<\/b> slow/).waitFor();
  await page.getByRole("link", { name: "Lock deploy" }).click();
  await page.getByRole("heading", { name: "deploy" }).waitFor();
});

test("a lock of a task leads to the task, and the task to its lock; who only calls himself a task leads nowhere", async () => {
  const { page } = browser;
  const { id = "" } = await post("/task/submit", { name: "builds the index", command: "sleep 300", locks: ["index"] });
  await acquire("disguise", `task ${id}`);
  await open("locks");
  await row("disguise").getByText(`task ${id}`).waitFor();
  expect(await row("disguise").getByRole("link").count()).toBe(1);
  await row("index").getByTitle(id).click();
  await page.getByRole("heading", { name: "builds the index" }).waitFor();
  await page.getByRole("complementary", { name: "Summary" }).getByRole("link", { name: "index", exact: true }).click();
  await page.getByRole("button", { name: "Take away" }).click();
  await page.getByText(/told to stop, fails, and is tried again by the task's retry policy/).waitFor();
  await page.getByRole("button", { name: "Leave it" }).click();
  await page.getByRole("table", { name: "Holders" }).getByTitle(id).waitFor();
  await system.rest(`/task/cancel/${id}`, { method: "POST" });
  await page.getByText("Nobody holds it.").waitFor();
});

test("of several holders one is taken from, or all; one that has gone meanwhile is said to have", async () => {
  const { page } = browser;
  for (const holder of ["train-1", "train-2", "train-3"]) await acquire("gpu", holder, { permits: 3 });
  await open("locks/gpu");
  await page.getByText("3 of 3 permits in use").waitFor();
  await page.getByRole("button", { name: "Take away from train-2" }).click();
  await page.getByRole("button", { name: "Take it away" }).click();
  await page.getByText(/^gpu was taken from train-2 \(token \d+\)\.$/).waitFor();
  await page.getByText("2 of 3 permits in use").waitFor();
  await row("train-2").waitFor({ state: "detached" });

  await page.getByRole("button", { name: "Take away from train-1" }).click();
  const { lock } = (await (await system.rest("/lock/query/gpu")).json()) as {
    lock: { holders: { token: string; holder: string }[] };
  };
  const token = lock.holders.find(({ holder }) => holder === "train-1")?.token;
  await post("/lock/release/gpu", { token });
  await page.getByRole("button", { name: "Take it away" }).click();
  await page
    .getByRole("alert")
    .getByText(/is not held with token/)
    .waitFor();
  await page.getByRole("button", { name: "Leave it" }).click();

  await acquire("gpu", "train-4", { permits: 3 });
  await page.getByRole("button", { name: "Take away from all" }).click();
  await page.getByText("all 2 holders").waitFor();
  await page.getByRole("button", { name: "Take it away" }).click();
  await page.getByText(/^gpu was taken from train-3 \(token \d+\), train-4 \(token \d+\)\. It is free\.$/).waitFor();
});

test("of more holders than are named, all are counted", async () => {
  const { page } = browser;
  const holders = Array.from({ length: 103 }, (_, index) => `seat ${index}`);
  await Promise.all(holders.map((holder) => acquire("hall", holder, { permits: 120 })));
  await open("locks");
  await row("hall").getByText("and 102 others").waitFor();
  await row("hall").getByText("103 of 120").waitFor();
  await open("locks/hall");
  await page.getByText("103 of 120 permits in use").waitFor();
  await page.getByText("3 more holders with higher tokens.").waitFor();
  await page.getByRole("button", { name: "Take away from all" }).click();
  await page.getByText("all 103 holders").waitFor();
  await page.getByRole("button", { name: "Leave it" }).click();
});

test("many are listed a page at a time and narrowed by how they begin; what no name can begin with is said", async () => {
  const { page } = browser;
  const names = Array.from({ length: 103 }, (_, index) => `seat-${String(index).padStart(3, "0")}`);
  await Promise.all(names.map((name) => acquire(name, "box office")));
  await acquire("stage", "band");
  await open("locks");
  const field = page.getByRole("textbox", { name: "Names that begin with" });
  await field.fill("Seat-");
  await page.waitForURL(/prefix=seat-/);
  await row("seat-099").waitFor();
  expect(await row("stage").count()).toBe(0);
  await page.getByRole("button", { name: "Show the next 100" }).click();
  await row("seat-102").waitFor();
  expect(await table("Locks").getByRole("row").count()).toBe(1 + 3);
  await page.getByRole("button", { name: "To the first" }).click();
  await row("seat-000").waitFor();
  await page.goBack();
  await row("seat-102").waitFor();

  await field.fill("st");
  await row("stage").waitFor();
  await field.fill("no/name");
  await page.getByText("No lock has such a name.").waitFor();
  await field.fill("nobody");
  await page.getByText("Nobody holds a lock whose name begins so.").waitFor();
  await open("locks/NO%20NAME");
  await page.getByRole("alert").waitFor();
});
