import type { Command } from "@oclif/core/command";

type CommandModule = { readonly default: Command.Class };

/** Every command and the module it lives in; a run imports only its own. The order is that of docs/cli.md. */
export const COMMANDS: Readonly<Record<string, () => Promise<CommandModule>>> = {
  run: () => import("./commands/run.ts"),
  "task:create": () => import("./commands/task/create.ts"),
  "task:status": () => import("./commands/task/status.ts"),
  "task:list": () => import("./commands/task/list.ts"),
  "task:view": () => import("./commands/task/view.ts"),
  "task:logs": () => import("./commands/task/logs.ts"),
  "task:wait": () => import("./commands/task/wait.ts"),
  "task:abort": () => import("./commands/task/abort.ts"),
  "task:retry": () => import("./commands/task/retry.ts"),
  "task:why": () => import("./commands/task/why.ts"),
  "task:ui": () => import("./commands/task/ui.ts"),
  progress: () => import("./commands/progress.ts"),
  status: () => import("./commands/status.ts"),
  ui: () => import("./commands/ui.ts"),
  "worker:list": () => import("./commands/worker/list.ts"),
  "worker:show": () => import("./commands/worker/show.ts"),
  "worker:drain": () => import("./commands/worker/drain.ts"),
  "queue:list": () => import("./commands/queue/list.ts"),
  "queue:pause": () => import("./commands/queue/pause.ts"),
  "queue:resume": () => import("./commands/queue/resume.ts"),
  "queue:limit": () => import("./commands/queue/limit.ts"),
  "lock:run": () => import("./commands/lock/run.ts"),
  "lock:acquire": () => import("./commands/lock/acquire.ts"),
  "lock:renew": () => import("./commands/lock/renew.ts"),
  "lock:release": () => import("./commands/lock/release.ts"),
  "lock:list": () => import("./commands/lock/list.ts"),
  "lock:show": () => import("./commands/lock/show.ts"),
  "lock:force-release": () => import("./commands/lock/force-release.ts"),
  "key:create": () => import("./commands/key/create.ts"),
  "key:join": () => import("./commands/key/join.ts"),
  "key:list": () => import("./commands/key/list.ts"),
  "key:revoke": () => import("./commands/key/revoke.ts"),
  "cert:init": () => import("./commands/cert/init.ts"),
  "cert:server": () => import("./commands/cert/server.ts"),
  "cert:client": () => import("./commands/cert/client.ts"),
  "cert:show": () => import("./commands/cert/show.ts"),
  "db:init": () => import("./commands/db/init.ts"),
  "db:migrate": () => import("./commands/db/migrate.ts"),
  "db:restored": () => import("./commands/db/restored.ts"),
  "db:status": () => import("./commands/db/status.ts"),
  dev: () => import("./commands/dev.ts"),
  doctor: () => import("./commands/doctor.ts"),
  completion: () => import("./commands/completion.ts"),
  complete: () => import("./commands/complete.ts"),
};

export const TOPICS: Readonly<Record<string, string>> = {
  task: "create, follow and end tasks",
  worker: "see and drain workers",
  queue: "see, pause, resume and limit queues",
  lock: "hold, see and take away locks",
  key: "create and revoke API keys",
  cert: "make and look at certificates for TLS",
  db: "prepare and check the database",
};

/** Words a user may write in place of a topic. */
export const TOPIC_ALIASES: Readonly<Record<string, string>> = {
  tasks: "task",
  workers: "worker",
  queues: "queue",
  locks: "lock",
  keys: "key",
  certs: "cert",
};
