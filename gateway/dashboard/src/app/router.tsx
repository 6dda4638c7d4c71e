import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from "@tanstack/react-router";
import { ErrorPage, NotFoundPage } from "./error-page.tsx";
import { Shell } from "./shell.tsx";

const text = (value: unknown): string | undefined =>
  typeof value === "string" || typeof value === "number" ? String(value) : undefined;
const natural = (value: unknown): number | undefined => {
  const number = Number(value);
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
};

/** Kinds of activity that an address may ask for. */
const KINDS = ["action", "problem", "deploy", "worker", "system"];

const root = createRootRoute({ component: Shell, notFoundComponent: NotFoundPage, errorComponent: ErrorPage });
const inside = createRoute({ getParentRoute: () => root, id: "in" });

const range = (search: Record<string, unknown>): { range?: string } => {
  const id = text(search["range"]);
  return id === undefined ? {} : { range: id };
};

/** How charts are looked at. */
const look = (search: Record<string, unknown>): { range?: string; compare?: boolean } => ({
  ...range(search),
  ...(search["compare"] === true || search["compare"] === "true" ? { compare: true } : {}),
});

const home = createRoute({
  getParentRoute: () => inside,
  path: "/",
  validateSearch: look,
  component: lazyRouteComponent(() => import("../overview/overview-page.tsx"), "OverviewPage"),
});

const tasks = createRoute({
  getParentRoute: () => inside,
  path: "/tasks",
  validateSearch: (search: Record<string, unknown>): { q?: string; range?: string } => {
    const q = text(search["q"]);
    return { ...(q === undefined ? {} : { q }), ...range(search) };
  },
  component: lazyRouteComponent(() => import("../tasks/tasks-page.tsx"), "TasksPage"),
});

/** What of a task is shown. Lines are those of the log of one attempt, `from` alone or `from` to `to`. */
export interface TaskView {
  readonly tab?: string;
  readonly attempt?: number;
  readonly from?: number;
  readonly to?: number;
}

/** Which locks are listed: those that begin with `prefix`, a page of them behind the name `after`. */
export interface LockListView {
  readonly prefix?: string;
  readonly after?: string;
}

const task = createRoute({
  getParentRoute: () => inside,
  path: "/task/$id",
  validateSearch: (search: Record<string, unknown>): TaskView => {
    const view = {
      tab: text(search["tab"]),
      attempt: natural(search["attempt"]),
      from: natural(search["from"]),
      to: natural(search["to"]),
    };
    return Object.fromEntries(Object.entries(view).filter(([, value]) => value !== undefined));
  },
  component: lazyRouteComponent(() => import("../task/task-page.tsx"), "TaskPage"),
});

const submit = createRoute({
  getParentRoute: () => inside,
  path: "/submit",
  validateSearch: (search: Record<string, unknown>): { like?: string } => {
    const like = text(search["like"]);
    return like === undefined ? {} : { like };
  },
  component: lazyRouteComponent(() => import("../submit/submit-page.tsx"), "SubmitPage"),
});

const queues = createRoute({
  getParentRoute: () => inside,
  path: "/queues",
  component: lazyRouteComponent(() => import("../queues/queues-page.tsx"), "QueuesPage"),
});

const queue = createRoute({
  getParentRoute: () => inside,
  path: "/queue/$name",
  validateSearch: look,
  component: lazyRouteComponent(() => import("../queues/queue-page.tsx"), "QueuePage"),
});

const failures = createRoute({
  getParentRoute: () => inside,
  path: "/failures",
  validateSearch: range,
  component: lazyRouteComponent(() => import("../failures/failures-page.tsx"), "FailuresPage"),
});

const failureGroup = createRoute({
  getParentRoute: () => inside,
  path: "/failures/$group",
  component: lazyRouteComponent(() => import("../failures/group-page.tsx"), "GroupPage"),
});

const workers = createRoute({
  getParentRoute: () => inside,
  path: "/workers",
  component: lazyRouteComponent(() => import("../workers/workers-page.tsx"), "WorkersPage"),
});

const worker = createRoute({
  getParentRoute: () => inside,
  path: "/worker/$id",
  component: lazyRouteComponent(() => import("../workers/worker-page.tsx"), "WorkerPage"),
});

const locks = createRoute({
  getParentRoute: () => inside,
  path: "/locks",
  validateSearch: (search: Record<string, unknown>): LockListView => {
    const [prefix, after] = [text(search["prefix"]), text(search["after"])];
    return { ...(prefix === undefined ? {} : { prefix }), ...(after === undefined ? {} : { after }) };
  },
  component: lazyRouteComponent(() => import("../locks/locks-page.tsx"), "LocksPage"),
});

const lock = createRoute({
  getParentRoute: () => inside,
  path: "/locks/$name",
  component: lazyRouteComponent(() => import("../locks/lock-page.tsx"), "LockPage"),
});

const activity = createRoute({
  getParentRoute: () => inside,
  path: "/activity",
  validateSearch: (search: Record<string, unknown>): { kind?: string } => {
    const kind = text(search["kind"]);
    return kind !== undefined && KINDS.includes(kind) ? { kind } : {};
  },
  component: lazyRouteComponent(() => import("../activity/activity-page.tsx"), "ActivityPage"),
});

const settings = createRoute({
  getParentRoute: () => inside,
  path: "/settings",
  component: lazyRouteComponent(() => import("../settings/settings-page.tsx"), "SettingsPage"),
});

/** Addresses are behind `#`: the same page works under any path, and none of them can be one of the gateway's calls. */
export function createDashboardRouter() {
  return createRouter({
    routeTree: root.addChildren([
      inside.addChildren([
        home,
        tasks,
        task,
        submit,
        failures,
        failureGroup,
        queues,
        queue,
        workers,
        worker,
        locks,
        lock,
        activity,
        settings,
      ]),
    ]),
    history: createHashHistory(),
    defaultPreload: "intent",
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createDashboardRouter>;
  }
}
