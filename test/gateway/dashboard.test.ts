import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type DevSystem, startDev } from "../support/dev-system.ts";

/** What the gateway serves to browsers, seen without one. */
let system: DevSystem;
beforeAll(async () => {
  system = await startDev();
});
afterAll(async () => {
  expect(await system.stop()).toBe(0);
});

const OWN = { "x-tss-session": "1", "content-type": "application/json" };
const signIn = async (key = system.key) => {
  const answer = await fetch(`${system.gateway}/session/create`, {
    method: "POST",
    headers: OWN,
    body: JSON.stringify({ key }),
  });
  return { answer, cookie: answer.headers.get("set-cookie")?.split(";")[0] ?? "" };
};

describe("the page", () => {
  test("has no inline script or style, a strict policy, and its files are packed and kept", async () => {
    const page = await fetch(`${system.gateway}/`);
    const html = await page.text();
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/default-src 'none'/);
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(page.headers.get("cache-control")).toBe("no-cache");
    expect(html).not.toMatch(/<style|<script(?![^>]* src=)|(src|href)="(?!\.\/)/);
    const [script] = /\.\/assets\/index-[^"]+\.js/.exec(html) ?? [];
    const file = await fetch(`${system.gateway}/${script}`);
    expect(file.headers.get("cache-control")).toMatch(/immutable/);
    expect(file.headers.get("content-encoding")).toBe("gzip");
    const again = await fetch(`${system.gateway}/`, { headers: { "if-none-match": page.headers.get("etag") ?? "" } });
    expect(again.status).toBe(304);
  });

  test("opens from a link elsewhere and from the address bar for who is signed in", async () => {
    const { cookie } = await signIn();
    for (const site of ["none", "cross-site", "same-site", "same-origin"])
      expect((await fetch(`${system.gateway}/`, { headers: { cookie, "sec-fetch-site": site } })).status).toBe(200);
  });

  test("nothing outside its files can be asked for", async () => {
    for (const path of ["/assets/..%2F..%2Fpackage.json", "/assets/none.js", "/assets/"])
      expect((await fetch(`${system.gateway}${path}`)).status).toBe(404);
  });

  test("who takes no gzip gets the bytes as they are", async () => {
    const plain = await fetch(`${system.gateway}/`, { headers: { "accept-encoding": "identity" } });
    expect(plain.headers.get("content-encoding")).toBeNull();
    expect(await plain.text()).toContain("<title>TSS</title>");
  });
});

describe("signing in", () => {
  test("tells who one is and what one may do", async () => {
    const { answer, cookie } = await signIn();
    expect(await answer.json()).toMatchObject({
      role: "admin",
      methods: expect.arrayContaining(["TaskService/CancelTasks"]),
    });
    const asked = await fetch(`${system.gateway}/session/query`, { headers: { ...OWN, cookie } });
    expect(await asked.json()).toMatchObject({ role: "admin", keyId: expect.any(String) });
    const list = await fetch(`${system.gateway}/task/list`, { headers: { ...OWN, cookie } });
    expect(list.status).toBe(200);
  });

  test.each([
    [{ key: "tss_wrong" }, 401],
    [{ key: "" }, 400],
    [{ key: 5 }, 400],
    [{ key: "two words" }, 400],
    [{}, 400],
    [[], 400],
    [{ code: "nonsense" }, 401],
  ])("%j is refused and makes no session", async (body, status) => {
    const answer = await fetch(`${system.gateway}/session/create`, {
      method: "POST",
      headers: OWN,
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("set-cookie")).toBeNull();
    expect(await answer.json()).toMatchObject({ detail: expect.any(String) });
  });

  test("a worker's key looks at nothing", async () => {
    const made = await system.rest("/key/create", { method: "POST", body: '{"name":"w","role":"worker","ttl":60}' });
    const { secret } = (await made.json()) as { secret: string };
    expect((await signIn(secret)).answer.status).toBe(403);
  });

  test("another site can neither sign a browser in nor call with its cookie", async () => {
    const { cookie } = await signIn();
    const cross = { "content-type": "application/json", "sec-fetch-site": "cross-site", cookie };
    for (const [path, status, body] of [
      ["/session/create", 403, JSON.stringify({ key: system.key })],
      ["/session/end", 403, "{}"],
      ["/session/link", 401, "{}"],
      ["/task/submit", 401, '{"name":"x","command":"true"}'],
      ["/tss.v1.TaskService/ListTasks", 401, "{}"],
      ["/live/stream", 401, '{"topics":[]}'],
    ] as const) {
      const answer = await fetch(`${system.gateway}${path}`, { method: "POST", headers: cross, body });
      expect([path, answer.status]).toEqual([path, status]);
    }
  });
});
