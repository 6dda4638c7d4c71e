import { Problem, type Violation } from "./problem.ts";

/** The folder of this page: calls work under whatever path the gateway is put. */
export const BASE = new URL(".", globalThis.location?.href ?? "http://localhost/").href.replace(/assets\/$/, "");

/** Shows the gateway that the dashboard itself is calling; a page from elsewhere cannot send it unasked. */
export const OWN_HEADERS = { "x-tss-session": "1" } as const;

const LISTENERS = new Set<() => void>();

/** Called when the server has refused our session. */
export function onSignedOut(listener: () => void): () => void {
  LISTENERS.add(listener);
  return () => LISTENERS.delete(listener);
}

/** @param path below the page's own folder. @throws Problem */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(BASE + path, {
      ...init,
      headers: { ...OWN_HEADERS, ...init.headers },
      credentials: "same-origin",
    });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Problem("OFFLINE", "The gateway does not answer. This page goes on by itself when it is back.");
  }
  if (response.ok) return response;
  const problem = await readProblem(response);
  if (problem.code === "UNAUTHENTICATED" && !path.startsWith("session/")) for (const tell of LISTENERS) tell();
  throw problem;
}

export async function postJson<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  const response = await request(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
  return (await response.json()) as T;
}

/** Both shapes of an error: problem documents, and Connect's. */
async function readProblem(response: Response): Promise<Problem> {
  let body: Record<string, unknown> = {};
  try {
    body = (await response.json()) as Record<string, unknown>;
  } catch {
    // Something between the gateway and us has answered in its own way.
  }
  const code = String(body["code"] ?? `HTTP ${response.status}`).toUpperCase();
  const message = String(body["detail"] ?? body["message"] ?? `The answer was ${response.status} without a reason.`);
  return new Problem(code, message, violationsOf(body));
}

interface ConnectDetail {
  readonly type?: string;
  readonly debug?: { readonly fieldViolations?: readonly Violation[] };
}

function violationsOf(body: Record<string, unknown>): readonly Violation[] {
  if (Array.isArray(body["violations"])) return body["violations"] as Violation[];
  const details = (body["details"] ?? []) as ConnectDetail[];
  return details.find(({ type }) => type === "google.rpc.BadRequest")?.debug?.fieldViolations ?? [];
}
