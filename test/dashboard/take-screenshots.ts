/** `node test/dashboard/take-screenshots.ts [seconds]`: pictures of the main pages on a system that has run for so long, into docs/images. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { openDashboard } from "../support/dashboard.ts";
import { type DevSystem, startDev } from "../support/dev-system.ts";

const SECONDS = Number(process.argv[2] ?? 450);
const IMAGES = join(import.meta.dirname, "../../docs/images");

const SEARCH = 'queue:sync error:"exit code 69" args.plan:free wait:<5m';

const BUILD = `printf '\\033[1m==> resizing 240 photos\\033[0m\\n'
i=0; while [ $i -lt 40 ]; do i=$((i+1)); printf '\\033[2m%s\\033[0m photo-%03d.jpg \\033[32mok\\033[0m\\n' "$(date +%H:%M:%S)" $i; done
printf '\\033[33mwarning:\\033[0m photo-041.jpg has no EXIF date\\n' >&2
printf '\\033[31merror:\\033[0m photo-042.jpg is truncated\\n' >&2
echo '{"progress":17,"message":"41 of 240"}' >&3`;

const sync = (plan: string) => ({ queue: "sync", payload: { plan, since: "2026-11-01" }, labels: { plan } });

/** Who holds and who waits, in the order they come. */
const LOCKS: readonly (readonly [string, readonly string[], number])[] = [
  ["deploy-site", ["ci 4711 (main)", "ci 4712 (hotfix)", "grace"], 1],
  ["gpu", ["train a", "train b", "train c"], 4],
  ["migrate-database", ["release 2026.11"], 1],
  ["report-printer", ["nightly report", "month end"], 1],
];

const system = await startDev({ TSS_WORKER_SLOTS: "6" });
const stop = new AbortController();
let traffic: Promise<void> = Promise.resolve();
try {
  const ids = await fill(system);
  traffic = flow(system, stop.signal);
  // Charts need something to show.
  await setTimeout(SECONDS * 1_000);
  await lock(system);
  mkdirSync(IMAGES, { recursive: true });
  for (const theme of ["light", "dark"] as const) {
    const { page, close } = await openDashboard(system, { colorScheme: theme, place: "tasks", timezoneId: "UTC" });
    const shoot = async (name: string, place: string, heading: string, there: string) => {
      await page.goto(`${system.gateway}/#/${place}`);
      await page.getByRole("heading", { level: 1, name: heading }).waitFor();
      await page.locator(".skeleton").first().waitFor({ state: "detached" });
      await page.getByText(there).first().waitFor();
      await page.mouse.move(2, 500);
      if (/overview|queue$/.test(name)) await page.locator(".chart canvas").nth(1).waitFor();
      await page.screenshot({ path: join(IMAGES, `${name}-${theme}.png`) });
    };
    await shoot("overview", "?range=15m", "Overview", "Wait p95");
    await shoot("queues", "queues", "Queues", "billing");
    await shoot("queue", "queue/images?range=15m", "images", "last 15 min");
    await shoot("failures", "failures", "Failures", "sync customer");
    await shoot("workers", "workers", "Workers", "Came, left and lost");
    await shoot("tasks", "tasks?range=15m", "Tasks", "welcome mail");
    await shoot("locks", "locks", "Locks", "deploy-site");
    await shoot("activity", "activity", "Activity", "bank is down");
    await shoot("task", `task/${ids.running}`, "resize holiday photos", "photo-042.jpg");
    await shoot("failed", `task/${ids.failed}`, "sync customers", "answers 503");
    await page.goto(`${system.gateway}/#/tasks?q=${encodeURIComponent(SEARCH)}&range=15m`);
    await page
      .getByRole("link", { name: /^sync customer/ })
      .first()
      .waitFor();
    await page.getByRole("combobox", { name: "Search tasks", exact: true }).press("End");
    await page.getByRole("combobox", { name: "Search tasks", exact: true }).pressSequentially(" -");
    await page.getByRole("combobox", { name: "Search tasks", exact: true }).pressSequentially("l");
    await page.getByRole("option").first().waitFor();
    await page.mouse.move(2, 500);
    await page.screenshot({ path: join(IMAGES, `search-${theme}.png`) });
    if (theme === "light") {
      await page.goto(`${system.gateway}/#/tasks?q=status%3Afailed&range=15m`);
      await page.getByRole("button", { name: "Do something to all that fit" }).click();
      await page.getByRole("menuitem", { name: "Run them again" }).click();
      await page.getByRole("list", { name: "Some of them" }).waitFor();
      await page.screenshot({ path: join(IMAGES, "bulk-light.png") });
      await page.getByRole("button", { name: "Leave them" }).click();
    }
    if (theme === "light") await shoot("submit", `submit?like=${ids.running}`, "Submit a copy", "Submit a copy");
    await close();
  }
} finally {
  stop.abort();
  await traffic;
  await system.stop();
  rmSync(system.folder, { recursive: true, force: true });
}

async function fill({ rest }: DevSystem): Promise<{ running: string; failed: string }> {
  const submit = async (body: object) =>
    ((await (await rest("/task/submit", { method: "POST", body: JSON.stringify(body) })).json()) as { id: string }).id;
  const ended = (id: string) => rest(`/task/wait/${id}?timeout=30`);
  await submit({ name: "nightly report", command: "true", queue: "reports", delay: 3_600 });
  for (const [index, to] of ["ada", "grace", "edsger", "barbara", "donald"].entries())
    await ended(
      await submit({ name: `welcome mail to ${to}`, command: `sleep 0.${index + 1}`, queue: "mail", labels: { to } }),
    );
  const failed = await submit({
    name: "sync customers",
    command: "echo 'connecting to crm.internal'; echo 'crm.internal answers 503' >&2; exit 69",
    queue: "sync",
    retry: { limit: 2, interval: 0.4 },
    labels: { customer: "acme" },
  });
  await ended(failed);
  await ended(await submit({ name: "thumbnail cover.png", command: "sleep 0.8", queue: "images" }));
  const given = await submit({ name: "import orders", command: "sleep 30", queue: "sync" });
  await rest(`/task/cancel/${given}`, { method: "POST" });
  await rest("/queue/pause/billing", { method: "POST", body: JSON.stringify({ note: "bank is down until 14:00" }) });
  await submit({ name: "monthly invoices", command: "true", queue: "billing" });
  await submit({ name: "retry later", command: "exit 1", queue: "sync", retry: { limit: 5, interval: 120 } });
  const running = await submit({
    name: "resize holiday photos",
    command: `${BUILD}\nsleep ${SECONDS + 600}`,
    queue: "images",
    timeout: SECONDS + 600,
    labels: { album: "2026", customer: "acme" },
  });
  return { running, failed };
}

/** Takes the locks; those who wait for one are not answered. */
async function lock({ rest }: DevSystem): Promise<void> {
  for (const [name, holders, permits] of LOCKS)
    for (const [at, holder] of holders.entries()) {
      const asked = rest("/lock/acquire", {
        method: "POST",
        body: JSON.stringify({ name, holder, permits, ttl: 900, wait: 600 }),
        signal: stop.signal,
      }).catch(() => undefined);
      if (at < permits) await asked;
    }
}

/** What a web team's system does all day, with a customer whose sync fails. */
async function flow({ rest }: DevSystem, signal: AbortSignal): Promise<void> {
  const submit = (body: object) => rest("/task/submit", { method: "POST", body: JSON.stringify(body) });
  await rest("/queue/limit/images", { method: "POST", body: JSON.stringify({ limit: 2 }) });
  for (let turn = 0; !signal.aborted; turn++) {
    const many = 1 + Math.round(2 + 2 * Math.sin(turn / 12));
    for (let index = 0; index < many; index++)
      await submit({ name: `welcome mail ${turn}-${index}`, command: `sleep 0.${(turn + index) % 6}`, queue: "mail" });
    if (turn % 9 === 0) await submit({ name: `sync customer ${turn}`, command: "exit 69", ...sync("free") });
    else if (turn % 2 === 0) await submit({ name: `sync customer ${turn}`, command: "sleep 0.2", ...sync("paid") });
    if (turn % 5 === 0) await submit({ name: `resize album ${turn}`, command: "sleep 4", queue: "images" });
    await setTimeout(1_000, undefined, { signal }).catch(() => undefined);
  }
}
