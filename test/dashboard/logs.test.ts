import { expect, test } from "@jest/globals";
import { dashboardHouse } from "../support/dashboard-house.ts";

const house = dashboardHouse();

const { ended } = house;
const submit = (command: string) => house.submit({ name: "writes", command });
const open = (id: string, rest = "") => house.open(`task/${id}${rest}`);
const line = (text: string | RegExp) => house.browser.page.locator(".log-text", { hasText: text });

test("100 000 lines are followed to their end, few of them in the page", async () => {
  const { page } = house.browser;
  const id = await submit(
    "read go < go; seq 1 100000 | sed 's/^/line /'; echo the end".replace("read go < go; ", "sleep 1; "),
  );
  await open(id);
  await page.getByText("100,001 lines").waitFor();
  await line("the end").waitFor();
  expect(await page.locator(".log-line").count()).toBeLessThan(120);
  const box = page.getByRole("region", { name: "Output" });
  await box.focus();
  await page.keyboard.press("Home");
  await line(/^line 1\n?$/).waitFor();
});

test("what is written while one looks is shown, until one scrolls up", async () => {
  const { page } = house.browser;
  const id = await submit(
    "i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo step $i; done; sleep 1; echo after; sleep 300",
  );
  await open(id);
  await line("after").waitFor();
  const follow = page.getByRole("button", { name: "Follow" });
  expect(await follow.getAttribute("aria-pressed")).toBe("true");
  await page.getByRole("region", { name: "Output" }).hover();
  await page.mouse.wheel(0, -500);
  await page.waitForFunction(
    () => document.querySelector(".log-tools [aria-pressed]")?.getAttribute("aria-pressed") === "false",
  );
  await house.system.rest(`/task/cancel/${id}`, { method: "POST" });
});

test("found whatever the case, counted exactly, gone through with keys", async () => {
  const { page } = house.browser;
  const id = await submit("seq 1 5000 | sed 's/^/row /'; echo 'A \\033[1mNEE\\033[0mDLE'; seq 1 500; echo needle");
  await ended(id);
  await open(id);
  await page.getByLabel("Find in the output").fill("needle");
  await page.getByText("2 lines", { exact: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("1 of 2").waitFor();
  await line("A NEEDLE").waitFor();
  await page.getByRole("region", { name: "Output" }).focus();
  await page.keyboard.press("n");
  await page.getByText("2 of 2").waitFor();
  await page.keyboard.press("Shift+N");
  await page.getByText("1 of 2").waitFor();
});

test("a line has an address, and so has a range of lines", async () => {
  const { page } = house.browser;
  const id = await submit("seq 1 3000 | sed 's/^/row /'");
  await ended(id);
  await open(id, "?from=1500");
  await page.locator(".log-line.named", { hasText: "row 1500" }).waitFor();
  await page.getByRole("button", { name: "Link to line 1503" }).click({ modifiers: ["Shift"] });
  await page.waitForFunction(() => document.querySelectorAll(".log-line.named").length === 4);
  expect(page.url()).toMatch(/from=1500&to=1503/);
  await page.reload();
  await page.locator(".log-line.named", { hasText: "row 1503" }).waitFor();
});

test("markup, controls, broken UTF-8 and very long lines are text and harm nothing", async () => {
  const { page } = house.browser;
  const id = await submit(
    `echo '<script>document.title="x"</script><b>bold</b>'; printf '\\342\\200\\256moc\\n'; printf 'a\\377b\\n'; printf 'bell\\007\\n'; head -c 3000000 /dev/zero | tr '\\0' x; echo; printf '\\033]8;;javascript:alert(1)\\007link\\033]8;;\\007\\n'; echo last`,
  );
  await ended(id);
  await open(id);
  await line('<script>document.title="x"</script><b>bold</b>').waitFor();
  await line("⟨U+202E⟩moc").waitFor();
  await line("a\ufffdb").waitFor();
  await line("bell\u2407").waitFor();
  await page.getByLabel("Find in the output").fill("last");
  await page.keyboard.press("Enter");
  await line("last").waitFor();
  expect(await page.locator(".log-text a").count()).toBe(0);
  expect(await page.title()).toBe("writes · TSS");
});

test("a link a program writes leads out, and tells nobody where from", async () => {
  const { page } = house.browser;
  const id = await submit("printf '\\033]8;;https://example.invalid/x\\033\\\\docs\\033]8;;\\033\\\\\\n'");
  await ended(id);
  await open(id);
  const link = page.locator(".log-text a");
  await link.waitFor();
  expect(await link.getAttribute("rel")).toBe("noopener noreferrer");
  expect(await link.getAttribute("href")).toBe("https://example.invalid/x");
});
