import { setTimeout } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { createWorker, taskType } from "../../sdk/typescript/index.ts";
import { openDashboard } from "../support/dashboard.ts";
import { startDev } from "../support/dev-system.ts";

const HOUR_MS = 3_600_000;
/** The bucket of runs up to 2 ms. */
const QUICK = 3;

test("a handler that runs slower than in the days before is told on the first page, and leads to its tasks", async () => {
  const before = await startDev();
  await before.stop();
  const store = await sqliteStore.open(`sqlite:${before.folder}/.tss/tss.db`, {
    readConnections: 1,
    failpoint: () => {},
  });
  const hour = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  await store.stats.saveRollups(
    Array.from({ length: 48 }, (_, back) => ({
      ...{ key: "t/pdf.render", resolutionMs: HOUR_MS, at: hour - (back + 1) * HOUR_MS, owner: 1 },
      body: JSON.stringify({ run: { at: [QUICK], n: [10], sumMs: 15 } }),
    })),
  );
  await store.close();

  const system = await startDev({}, before.folder);
  const worker = createWorker({
    ...{ address: system.coordinator, apiKey: system.key, slots: 30 },
    handlers: [taskType<object, void>("pdf.render").handler(() => setTimeout(60))],
  });
  const tasks = Array.from({ length: 60 }, (_, page) => ({ name: `page ${page}`, type: "pdf.render", payload: {} }));
  await system.rest("/task/submit", { method: "POST", body: JSON.stringify({ tasks }) });
  const browser = await openDashboard(system);
  try {
    const { page } = browser;
    const row = page
      .getByRole("table", { name: "Slower than usual" })
      .getByRole("row")
      .filter({ hasText: "pdf.render" });
    // Runs of the last hour are counted by whole minutes.
    await row.waitFor({ timeout: 100_000 });
    const cells = await row.getByRole("cell").allTextContents();
    expect(cells.slice(1, 4)).toEqual([
      expect.stringMatching(/^[\d.]+ m?s$/),
      expect.stringMatching(/^[12] ms$/),
      expect.stringMatching(/^[56]\d$/),
    ]);
    await row.getByRole("link").click();
    await page.waitForURL(/tasks\?q=type%3Apdf.render/);
    await page.getByRole("link", { name: "page 59" }).waitFor();
    expect(browser.faults).toEqual([]);
  } finally {
    await browser.close();
    await worker.close();
    await system.stop();
  }
}, 240_000);
