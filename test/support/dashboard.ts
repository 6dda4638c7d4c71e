import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { findChromium } from "./chromium.ts";
import type { DevSystem } from "./dev-system.ts";

/** A page of the dashboard and all that went wrong in it. */
export interface DashboardPage extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of scripts, what the security policy has refused, and requests that left the origin. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A browser with a profile of its own, on no page yet. @throws Error when the machine has none. */
export async function openBrowser(options: BrowserContextOptions = {}): Promise<DashboardPage> {
  const executablePath = findChromium();
  if (executablePath === undefined)
    throw new Error("The tests of the dashboard need Chromium: install it, e.g. apt-get install chromium.");
  const profile = mkdtempSync(join(tmpdir(), "tss-profile-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: FLAGS,
    headless: true,
    viewport: { width: 1280, height: 800 },
    ...options,
  });
  context.setDefaultTimeout(30_000);
  const page = context.pages()[0] ?? (await context.newPage());
  const faults: string[] = [];
  watch(page, faults);
  const close = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return { page, context, faults, close, [Symbol.asyncDispose]: close };
}

/** A browser on the dashboard, signed in with the key of the system or another. */
export async function openDashboard(
  system: Pick<DevSystem, "gateway" | "key">,
  options: BrowserContextOptions & { readonly key?: string; readonly place?: string } = {},
): Promise<DashboardPage> {
  const { key = system.key, place = "", ...rest } = options;
  const answer = await fetch(`${system.gateway}/session/link`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}` },
  });
  const { code } = (await answer.json()) as { code: string };
  const opened = await openBrowser(rest);
  try {
    await opened.page.goto(`${system.gateway}/#/sign-in/${code}/${place}`);
    await opened.page.getByRole("navigation", { name: "Pages" }).waitFor();
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

function watch(page: Page, faults: string[]): void {
  page.on("pageerror", (error) => faults.push(error.stack ?? error.message));
  page.on("console", (message) => {
    const text = message.text();
    if (/Content Security Policy|Refused to/.test(text)) faults.push(text);
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (!/^(127\.0\.0\.1|localhost|\[::1\])$/.test(url.hostname) && !["data:", "blob:"].includes(url.protocol))
      faults.push(`left the origin: ${request.url()}`);
  });
}
