import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, test } from "@jest/globals";
import { createSeal } from "../../gateway/session/seal.ts";
import { isFromOurPage, Sessions } from "../../gateway/session/sessions.ts";

const SECRET = "a secret of sixteen";
const KEY = "tss_abc_secret";

function request(headers: Record<string, string> = {}, method = "POST"): IncomingMessage {
  return { method, headers: { host: "localhost:7480", ...headers } } as unknown as IncomingMessage;
}

/** The cookie a browser would keep. */
function signIn(
  sessions: Sessions,
  headers: Record<string, string> = {},
  socket: object = {},
): { cookie: string; all: string } {
  let all = "";
  const response = { setHeader: (_name: string, value: string) => (all = value) } as unknown as ServerResponse;
  sessions.begin(Object.assign(request(headers), { socket }), response, KEY);
  return { cookie: all.split(";")[0] as string, all };
}

describe("a seal", () => {
  test("opens what it closed, and neither what was changed nor what another secret or purpose closed", () => {
    const seal = createSeal(SECRET, "one");
    const closed = seal.close("text");
    expect(closed).not.toContain("text");
    expect(seal.open(closed)).toBe("text");
    expect(createSeal(SECRET, "other").open(closed)).toBeUndefined();
    expect(createSeal(`${SECRET}!`, "one").open(closed)).toBeUndefined();
    for (let at = 0; at < closed.length; at++) {
      const changed = closed.slice(0, at) + (closed[at] === "A" ? "B" : "A") + closed.slice(at + 1);
      if (!Buffer.from(changed, "base64url").equals(Buffer.from(closed, "base64url")))
        expect(seal.open(changed)).toBeUndefined();
    }
    for (const nonsense of ["", "x", "é", "A".repeat(27)]) expect(seal.open(nonsense)).toBeUndefined();
  });
});

describe("a session", () => {
  test("stands for its key at every gateway with the secret, and at no other", () => {
    const { cookie } = signIn(new Sessions({ secret: SECRET }));
    expect(new Sessions({ secret: SECRET }).keyOf(request({ cookie }))).toBe(KEY);
    expect(new Sessions({ secret: "another secret here" }).keyOf(request({ cookie }))).toBeUndefined();
    expect(new Sessions({}).keyOf(request({ cookie }))).toBeUndefined();
  });

  test("ends twelve hours after it was last used", () => {
    let now = 1_000_000;
    const sessions = new Sessions({ secret: SECRET, now: () => now });
    const { cookie } = signIn(sessions);
    now += 12 * 3_600_000 - 1;
    expect(sessions.keyOf(request({ cookie }))).toBe(KEY);
    now += 1;
    expect(sessions.keyOf(request({ cookie }))).toBeUndefined();
  });

  test("cannot be read by scripts nor sent by other sites; with TLS it is for TLS and for this host alone", () => {
    const { all } = signIn(new Sessions({ secret: SECRET }));
    expect(all).toMatch(/^tss_session_7480=\S+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
    const behindProxy = signIn(new Sessions({ secret: SECRET }), {
      "x-forwarded-proto": "https",
      host: "tss.example",
    }).all;
    const named = signIn(new Sessions({ secret: SECRET, publicUrl: "https://tss.example" }), {
      host: "tss.example",
    }).all;
    const direct = signIn(new Sessions({ secret: SECRET }), { host: "tss.example" }, { encrypted: true }).all;
    for (const cookie of [behindProxy, named, direct]) expect(cookie).toMatch(/^__Host-tss_session=.*; Secure$/);
  });

  test("gives its key to calls of our own pages only", () => {
    const sessions = new Sessions({ secret: SECRET });
    const { cookie } = signIn(sessions);
    const admitted = (headers: Record<string, string>, method = "POST") => {
      const call = request({ cookie, ...headers }, method);
      sessions.admit(call);
      return call.headers.authorization;
    };
    expect(admitted({ "x-tss-session": "1" })).toBe(`Bearer ${KEY}`);
    expect(admitted({ "x-tss-session": "1", "sec-fetch-site": "same-origin" })).toBe(`Bearer ${KEY}`);
    expect(admitted({ "sec-fetch-site": "same-origin" }, "GET")).toBe(`Bearer ${KEY}`);
    for (const [headers, method] of [
      [{}, "POST"],
      [{}, "GET"],
      [{ "sec-fetch-site": "same-origin" }, "POST"],
      [{ "sec-fetch-site": "same-site" }, "GET"],
      [{ "sec-fetch-site": "none" }, "GET"],
      [{ "sec-fetch-site": "cross-site", "x-tss-session": "1" }, "POST"],
    ] as const)
      expect(admitted(headers, method)).toBeUndefined();
  });

  test("leaves calls with a key of their own alone", () => {
    const sessions = new Sessions({ secret: SECRET });
    const { cookie } = signIn(sessions);
    const call = request({ cookie, authorization: "Bearer tss_other" });
    sessions.admit(call);
    expect(call.headers.authorization).toBe("Bearer tss_other");
  });

  test("nonsense in the cookie is no session and no fault", () => {
    const sessions = new Sessions({ secret: SECRET });
    for (const cookie of ["", "tss_session_7480", "tss_session_7480=", "tss_session_7480=%%%; ; =x", "a=b"])
      expect(sessions.keyOf(request({ cookie }))).toBeUndefined();
    expect(isFromOurPage(request({}, "GET"))).toBe(false);
  });
});

describe("a link", () => {
  test("is good once and for a minute, and is no session", () => {
    let now = 0;
    const sessions = new Sessions({ secret: SECRET, now: () => now });
    const { code, expiresAt } = sessions.makeLink(KEY);
    expect(expiresAt).toBe(60_000);
    expect(sessions.keyOf(request({ cookie: `tss_session_7480=${code}` }))).toBeUndefined();
    expect(sessions.useLink(code)).toBe(KEY);
    expect(sessions.useLink(code)).toBeUndefined();
    const late = sessions.makeLink(KEY).code;
    now = 60_000;
    expect(sessions.useLink(late)).toBeUndefined();
  });
});
