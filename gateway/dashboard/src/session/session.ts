import type { MethodName } from "../api/call.ts";
import { onSignedOut, postJson, request } from "../api/fetch-json.ts";
import { toProblem } from "../api/problem.ts";
import { setServerTime } from "../time/server-clock.ts";
import { createStore } from "../ui/store.ts";
import { followLinks, takeLink } from "./sign-in-link.ts";

/** Who is signed in, and what the server lets them do. */
export interface Who {
  readonly keyId: string;
  readonly role: string;
  readonly methods: readonly string[];
  readonly version: string;
  readonly now: string;
  /** Absent: signed in by something in front of the gateway that adds a key. */
  readonly expiresAt?: string;
}

export type Session =
  | { readonly kind: "asking" }
  | { readonly kind: "out"; readonly note: string }
  | { readonly kind: "in"; readonly who: Who }
  | { readonly kind: "unreachable"; readonly note: string };

export const session = createStore<Session>({ kind: "asking" });

const EXPIRED = "Your session has ended, or its key was revoked. Sign in again; you will be back on this page.";
const RENEW_MS = 30 * 60_000;

onSignedOut(() => {
  if (session.get().kind === "in") session.set({ kind: "out", note: EXPIRED });
});
let askedAt = Date.now();
const renew = () => {
  if (session.get().kind === "in" && !document.hidden && Date.now() - askedAt >= RENEW_MS) void askSession();
};
setInterval(renew, RENEW_MS);
// What lies in the background asks for nothing; the clock of the server is learnt anew when it comes back.
document.addEventListener("visibilitychange", renew);

/** Asks who we are, which also lets the session go on. */
export async function askSession(): Promise<void> {
  askedAt = Date.now();
  try {
    const sent = Date.now();
    const who = (await (await request("session/query")).json()) as Who;
    accept(who, sent);
  } catch (error) {
    const { code, message } = toProblem(error);
    const before = session.get().kind;
    if (code === "UNAUTHENTICATED") session.set({ kind: "out", note: before === "in" ? EXPIRED : "" });
    else if (code === "PERMISSION_DENIED") session.set({ kind: "out", note: message });
    else if (before !== "in") session.set({ kind: "unreachable", note: message });
  }
}

/** @param proof an API key, or the code of a link. @throws Problem */
export async function signIn(proof: { readonly key: string } | { readonly code: string }): Promise<void> {
  const sent = Date.now();
  accept(await postJson<Who>("session/create", proof), sent);
}

/** The way in of a page that opens: by the link of `tss ui`, or with the session there is. */
export async function beginSession(): Promise<void> {
  followLinks();
  const code = takeLink();
  if (code === undefined) return askSession();
  try {
    await signIn({ code });
  } catch (error) {
    await askSession();
    if (session.get().kind !== "in") session.set({ kind: "out", note: toProblem(error).message });
  }
}

export async function signOut(): Promise<void> {
  await postJson("session/end", {});
  session.set({ kind: "out", note: "You are signed out." });
}

function accept(who: Who, sentAt: number): void {
  setServerTime(Date.parse(who.now), sentAt, Date.now());
  session.set({ kind: "in", who });
}

/** Whether the server lets us call the method: what it does not is not offered. */
export function may(method: MethodName): boolean {
  const now = session.get();
  return now.kind === "in" && now.who.methods.includes(method);
}
