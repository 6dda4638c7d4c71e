import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { type DashboardPage, openBrowser, openDashboard } from "../support/dashboard.ts";
import { type DevSystem, startDev } from "../support/dev-system.ts";

/** Can be used by everybody: in both themes, with keys alone, on the smallest screens. */
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let system: DevSystem;
let ids: Record<"coloured" | "waits" | "plain" | "worker" | "group", string>;
beforeAll(async () => {
  system = await startDev();
  const submit = async (body: object) =>
    (
      (await (await system.rest("/task/submit", { method: "POST", body: JSON.stringify(body) })).json()) as {
        id: string;
      }
    ).id;
  const colours = `i=0; while [ $i -lt 108 ]; do printf '\\033[%dm %d \\033[0m' $i $i; i=$((i+1)); done; echo; i=16; while [ $i -lt 256 ]; do printf '\\033[38;5;%dm %d \\033[0m' $i $i; i=$((i+5)); done; echo; echo to stderr >&2; exit 2`;
  const { workers } = (await (await system.rest("/worker/list")).json()) as { workers: { sessionId: string }[] };
  ids = {
    group: "",
    worker: workers[0]?.sessionId ?? "",
    coloured: await submit({
      name: "coloured",
      command: colours,
      retry: { limit: 1, interval: 0.05 },
      labels: { a: "b" },
    }),
    waits: await submit({ name: "waits", command: "true", delay: 600, payload: { a: 1 } }),
    plain: await submit({ name: "plain", command: 'echo "{}" > "$TSS_OUTPUT"' }),
  };
  // Held by hand, and waited for by a task.
  await system.rest("/lock/acquire", {
    method: "POST",
    body: JSON.stringify({ name: "deploy", ttl: 3_600, holder: "by hand" }),
  });
  await submit({ name: "needs it", command: "true", locks: ["deploy"], queue: "locked" });
  for (const id of [ids.coloured, ids.plain]) await system.rest(`/task/wait/${id}?timeout=30`);
  const { groups } = (await (await system.rest("/stats/failures")).json()) as { groups: { fingerprint: string }[] };
  ids.group = groups[0]?.fingerprint ?? "";
});
afterAll(async () => {
  await system?.stop();
});

interface Result {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** Rules whose answer depends on colours; the page is otherwise the same in both themes. */
const COLOUR_RULES = ["color-contrast", "link-in-text-block"];

/** In light all rules, in dark those that look at colours. @param within only there, by its selector. */
async function violations(page: Page, within = "html"): Promise<string[]> {
  // Evaluated, as a script of the page would be refused by its policy.
  if (!(await page.evaluate("'axe' in globalThis"))) await page.evaluate(AXE);
  const found: string[] = [];
  for (const [colorScheme, more] of [
    ["dark", { runOnly: COLOUR_RULES }],
    ["light", {}],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    // Drawn with the new colours: the change is heard in one frame, and what follows from it is drawn in the next.
    await page.evaluate(async () => {
      for (let frames = 0; frames < 3; frames++) await new Promise(requestAnimationFrame);
    });
    const options = JSON.stringify({ resultTypes: ["violations"], ...more });
    const results = (await page.evaluate(
      `axe.run(${JSON.stringify(within)}, ${options}).then(({violations}) => violations)`,
    )) as Result[];
    for (const { id, nodes } of results)
      for (const { html, failureSummary } of nodes) found.push(`${colorScheme} ${id}: ${html}\n${failureSummary}`);
  }
  return found;
}

/** Every page, how it is reached and by what one knows that it is there. */
const PLACES: readonly (readonly [string, () => string, (page: Page) => Promise<unknown>])[] = [
  ["Overview", () => "", (page) => page.getByRole("img", { name: /^Waited/ }).waitFor()],
  ["Failures", () => "failures", (page) => page.getByRole("link", { name: /^coloured: exit/ }).waitFor()],
  [
    "Failures, a group",
    () => `failures/${ids.group}`,
    (page) => page.getByRole("heading", { name: /^coloured: exit/ }).waitFor(),
  ],
  ["Failures, none", () => "failures/0123456789abcdef", (page) => page.getByText("There is no such kind").waitFor()],
  ["Tasks", () => "tasks", (page) => page.getByRole("link", { name: "coloured" }).waitFor()],
  [
    "Tasks, a search that is wrong",
    () => "tasks?q=colour:red",
    (page) => page.getByText("nothing was searched").waitFor(),
  ],
  ["Tasks, none", () => "tasks?q=queue:none", (page) => page.getByText("No task fits").waitFor()],
  ["Task, output", () => `task/${ids.coloured}`, (page) => page.getByText("to stderr", { exact: true }).waitFor()],
  ["Task, input", () => `task/${ids.waits}?tab=data`, (page) => page.getByText('"a": 1').waitFor()],
  ["Task, events", () => `task/${ids.coloured}?tab=events`, (page) => page.getByText(/Attempt 2 ended/).waitFor()],
  ["Task, waiting", () => `task/${ids.waits}`, (page) => page.getByText("It has not started yet").waitFor()],
  ["Task, none", () => "task/nonsense", (page) => page.getByText("There is no such task").waitFor()],
  ["Queues", () => "queues", (page) => page.getByRole("link", { name: "default", exact: true }).waitFor()],
  ["Queue", () => "queue/default", (page) => page.getByRole("table", { name: "By handler" }).waitFor()],
  ["Queue, none", () => "queue/none", (page) => page.getByText("There is no such queue").waitFor()],
  ["Workers", () => "workers", (page) => page.getByRole("table", { name: "Workers" }).waitFor()],
  ["Worker", () => `worker/${ids.worker}`, (page) => page.getByText("It runs nothing just now").waitFor()],
  ["Locks", () => "locks", (page) => page.getByRole("link", { name: "deploy", exact: true }).waitFor()],
  ["Locks, none", () => "locks?prefix=none", (page) => page.getByText("Nobody holds a lock whose name").waitFor()],
  ["Lock", () => "locks/deploy", (page) => page.getByRole("table", { name: "In line" }).waitFor()],
  ["Lock, free", () => "locks/free", (page) => page.getByText("Nobody holds it.").waitFor()],
  ["Activity", () => "activity", (page) => page.getByText(/appeared in pool/).waitFor()],
  ["Settings", () => "settings", (page) => page.getByRole("table", { name: "API keys" }).waitFor()],
  ["Submit", () => "submit", (page) => page.getByRole("textbox", { name: "Command" }).waitFor()],
  ["Nothing here", () => "nowhere", (page) => page.getByText("There is no page at this address").waitFor()],
];

describe("axe finds nothing in light and dark:", () => {
  let browser: DashboardPage;
  beforeAll(async () => {
    browser = await openDashboard(system);
  });
  afterAll(() => browser?.close());

  test.each(PLACES)("%s", async (_name, place, there) => {
    const { page } = browser;
    await page.goto(`${system.gateway}/#/${place()}`);
    await there(page);
    expect(await violations(page)).toEqual([]);
  });

  test("the dialog and the menus", async () => {
    const { page } = browser;
    await page.goto(`${system.gateway}/#/task/${ids.waits}`);
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("dialog").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Copy as a call" }).click();
    await page.getByRole("menu").first().waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.getByRole("option", { name: /Settings/ }).waitFor();
    await page.keyboard.press("ArrowDown");
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
  });

  test("what is asked before a lock is taken away", async () => {
    const { page } = browser;
    await page.goto(`${system.gateway}/#/locks/deploy`);
    await page.getByRole("button", { name: "Take away" }).click();
    await page.getByRole("dialog").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
  });

  test("rows that are chosen, and what is asked about them", async () => {
    const { page } = browser;
    await page.goto(`${system.gateway}/#/tasks`);
    await page.getByRole("checkbox", { name: "Choose waits" }).check();
    await page.getByRole("region", { name: "Chosen tasks" }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole("region", { name: "Chosen tasks" }).getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Cancel 1 task" }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Cancel 1 task" }).click();
    const line = page.getByRole("complementary", { name: "Cancel" });
    await line.getByRole("button", { name: "Undo" }).waitFor();
    // It can be undone for some seconds only; the whole page takes longer than that on a busy machine.
    expect(await violations(page, ".bulk-line")).toEqual([]);
    await line.getByRole("button", { name: "Undo" }).click();
    await line.getByText("Undone: nothing was touched.").waitFor();
    expect(await violations(page)).toEqual([]);
    await line.getByRole("button", { name: "Close" }).click();
  });
});

test("the way in too", async () => {
  await using browser = await openBrowser();
  await browser.page.goto(system.gateway);
  await browser.page.getByLabel("API key").waitFor();
  expect(await violations(browser.page)).toEqual([]);
});

test("keys alone: from the list into a task and out, through tabs and menus", async () => {
  await using browser = await openDashboard(system, { place: "tasks" });
  const { page } = browser;
  await page.getByRole("link", { name: "coloured" }).waitFor();
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the page");
  await page.keyboard.press("Enter");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  const name = await page.evaluate(() => document.activeElement?.textContent ?? "");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name }).waitFor();
  await page.getByRole("tab", { name: "Output" }).focus();
  await page.keyboard.press("ArrowRight");
  await page.getByRole("tab", { name: "Input and result", selected: true }).waitFor();
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("tab-data");
  await page.getByRole("button", { name: "Copy as a call" }).focus();
  await page.keyboard.press("Enter");
  // The menu takes the focus when it is there; a key before that is for the button.
  const focused = page.locator(":focus");
  await focused.filter({ hasText: "Command line" }).waitFor();
  await page.keyboard.press("ArrowDown");
  await focused.filter({ hasText: "curl" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("n");
  await page.getByRole("heading", { name: "Submit a task" }).waitFor();
  expect(browser.faults).toEqual([]);
});

test("keys alone: everything on every page that can be pressed is reached with Tab", async () => {
  await using browser = await openDashboard(system);
  const { page } = browser;
  for (const [name, place, there] of PLACES) {
    await page.goto(`${system.gateway}/#/${place()}`);
    await there(page);
    // Rows of a list in sight are many; the box around them is reached, and j and k go on from there.
    const stops = await page.evaluate(() => {
      const all = document.querySelectorAll<HTMLElement>(
        "a[href], button, input, select, textarea, summary, [role=slider]",
      );
      const open = [...all].filter(
        (element) =>
          element.checkVisibility({ visibilityProperty: true }) &&
          element.tabIndex >= 0 &&
          !element.matches(":disabled, [type=radio]") &&
          !element.closest(".task-space, .log-box, [popover]"),
      );
      for (const element of open) element.dataset["stop"] = "";
      document.addEventListener("focusin", ({ target }) => delete (target as HTMLElement).dataset["stop"]);
      (document.activeElement as HTMLElement | null)?.blur();
      return open.length;
    });
    for (let pressed = 0; pressed < stops + 120; pressed += 10) {
      // One after the other, without waiting for the answer to each.
      await Promise.all(Array.from({ length: 10 }, () => page.keyboard.press("Tab")));
      if ((await page.locator("[data-stop]").count()) === 0) break;
    }
    const left = await page.evaluate(() =>
      [...document.querySelectorAll("[data-stop]")].map((element) => element.outerHTML.slice(0, 120)),
    );
    expect([name, left]).toEqual([name, []]);
  }
}, 300_000);

test("320 px wide: nothing is cut off, and what can be pressed can be hit", async () => {
  await using browser = await openDashboard(system, { viewport: { width: 320, height: 640 }, hasTouch: true });
  const { page } = browser;
  for (const [name, place, there] of PLACES) {
    await page.goto(`${system.gateway}/#/${place()}`);
    await there(page);
    const wide = await page.evaluate(() =>
      [...document.querySelectorAll("body *")]
        .filter(
          (element) => !element.closest(".log-box, .attempts, .tabs, .nav, .off-screen, .search-field, .task-row, pre"),
        )
        .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
        .map((element) => element.outerHTML.slice(0, 120)),
    );
    expect([name, wide]).toEqual([name, []]);
    expect(await page.evaluate(() => document.scrollingElement!.scrollWidth)).toBeLessThanOrEqual(320);
  }
  expect(await violations(page)).toEqual([]);
}, 300_000);
