import { nearest } from "../../runtime/nearest.ts";
import type { Exchange } from "./exchange.ts";
import { HttpProblem } from "./problem.ts";

export interface Route {
  readonly method: "GET" | "POST";
  /** e.g. `/task/query/{id}`; a part in braces is one segment. */
  readonly path: string;
  /** Pages and probes: nobody looks for them in a trace. */
  readonly untraced?: boolean;
  /** Names of its query parameters; absent: it looks after them itself. */
  readonly query?: readonly string[];
  handle(exchange: Exchange): Promise<void>;
}

/** Finds the route of a request. @throws HttpProblem 404, 405 */
export function findRoute(routes: readonly Route[], exchange: Exchange): Route {
  const { pathname } = exchange.url;
  const allowed = new Set<string>();
  const method = exchange.request.method === "HEAD" ? "GET" : exchange.request.method;
  for (const route of routes) {
    const params = matchPath(route.path, pathname);
    if (params === null) continue;
    if (route.method !== method) {
      allowed.add(route.method);
      continue;
    }
    exchange.params = params;
    exchange.route = route.path;
    checkQuery(route, exchange.url.searchParams);
    return route;
  }
  if (allowed.size > 0) {
    const allow = [...allowed, ...(allowed.has("GET") ? ["HEAD"] : [])].join(", ");
    throw new HttpProblem(405, "METHOD_NOT_ALLOWED", `${pathname} answers ${allow} only.`, { allow });
  }
  const near = nearest(
    pathname.split("/").slice(0, 3).join("/"),
    routes.map((route) => route.path.replace(/\/\{.*$/, "")),
  );
  const hint = near === undefined ? "/docs lists what there is." : `Did you mean ${near}? /docs lists what there is.`;
  throw new HttpProblem(404, "NOT_FOUND", `There is nothing at ${pathname.slice(0, 200)}. ${hint}`);
}

/** A misspelt parameter is told rather than overlooked. @throws HttpProblem 400 */
function checkQuery({ query, path }: Route, given: URLSearchParams): void {
  if (query === undefined) return;
  const unknown = [...given.keys()].find((name) => !query.includes(name));
  if (unknown === undefined) return;
  const near = nearest(unknown, query);
  const known = query.length === 0 ? "it takes none" : `it takes ${query.join(", ")}`;
  const hint = near === undefined ? known : `did you mean ${near}`;
  throw new HttpProblem(
    400,
    "INVALID_ARGUMENT",
    `${unknown.slice(0, 40)} is not a parameter of ${path}; ${hint}${near === undefined ? "." : "?"}`,
  );
}

function matchPath(template: string, path: string): Record<string, string> | null {
  const wanted = template.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] as string;
    if (part.startsWith("{")) {
      if (value === "") return null;
      try {
        params[part.slice(1, -1)] = decodeURIComponent(value);
      } catch {
        return null;
      }
    } else if (part !== value) return null;
  }
  return params;
}
