import { afterAll, beforeAll, expect } from "@jest/globals";
import { type DashboardPage, openDashboard } from "./dashboard.ts";
import { type DevSystem, startDev } from "./dev-system.ts";

/** A running system and a browser that is signed in, for all tests of a file. */
export interface DashboardHouse {
  readonly system: DevSystem;
  readonly browser: DashboardPage;
  /** A task as REST takes it. @returns its id. */
  submit(body: object): Promise<string>;
  /** Resolves when the task has ended. */
  ended(id: string): Promise<unknown>;
  /** Goes to a place of the dashboard, such as `tasks?q=queue%3Amail`. */
  open(place: string): Promise<unknown>;
}

/** Starts before the first test and ends after the last, when nothing may have gone wrong in the page. */
export function dashboardHouse(place = "tasks"): DashboardHouse {
  let system: DevSystem | undefined;
  let browser: DashboardPage | undefined;
  beforeAll(async () => {
    system = await startDev();
    browser = await openDashboard(system, { place });
  });
  afterAll(async () => {
    expect(browser?.faults ?? []).toEqual([]);
    await browser?.close();
    await system?.stop();
  });
  const there = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error("The system has not started yet.");
    return part;
  };
  return {
    get system() {
      return there(system);
    },
    get browser() {
      return there(browser);
    },
    async submit(body) {
      const answer = await there(system).rest("/task/submit", { method: "POST", body: JSON.stringify(body) });
      return ((await answer.json()) as { id: string }).id;
    },
    ended: (id) => there(system).rest(`/task/wait/${id}?timeout=60`),
    open: (where) => there(browser).page.goto(`${there(system).gateway}/#/${where}`),
  };
}
