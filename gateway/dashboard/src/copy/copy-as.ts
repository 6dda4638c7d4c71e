import type { TaskSpecJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { lockText } from "../task/lock-text.ts";
import { type RestBody, restBody } from "./rest-body.ts";
import { shellQuote } from "./shell-quote.ts";

/** A task as a call that would make it again. @param gateway address of the gateway, with its path. */
export function asCurl(spec: TaskSpecJson, gateway: string): string {
  return [
    `curl -s ${shellQuote(`${gateway.replace(/\/$/, "")}/task/submit`)}`,
    `  -H "Authorization: Bearer $TSS_API_KEY"`,
    "  -H 'Content-Type: application/json'",
    `  -d ${shellQuote(JSON.stringify(restBody(spec)))}`,
  ].join(" \\\n");
}

export function asCommandLine(spec: TaskSpecJson): string {
  const body = restBody(spec);
  const words = ["tss", "task", "create"];
  const flag = (name: string, value: unknown, text = String(value)) => {
    if (value !== undefined) words.push(`--${name}`, shellQuote(text));
  };
  const pairs = (name: string, value: unknown) => {
    for (const [key, each] of Object.entries((value ?? {}) as object)) flag(name, each, `${key}=${each}`);
  };
  const seconds = (name: string, value: unknown) => flag(name, value, `${value}s`);
  const retry = (body["retry"] ?? {}) as Record<string, unknown>;
  flag("name", body["name"]);
  flag("queue", body["queue"]);
  flag("command", body["command"]);
  flag("type", body["type"]);
  flag("payload", body["payload"], JSON.stringify(body["payload"]));
  flag("priority", body["priority"]);
  seconds("delay", body["delay"]);
  seconds("expires", body["expires"]);
  seconds("timeout", body["timeout"]);
  seconds("heartbeat-timeout", body["heartbeatTimeout"]);
  seconds("grace", body["cancelGrace"]);
  flag("retries", retry["limit"]);
  seconds("retry-interval", retry["interval"]);
  flag("retry-backoff", retry["backoff"]);
  pairs("label", body["labels"]);
  pairs("selector", body["selector"]);
  pairs("resource", body["resources"]);
  for (const need of spec.locks ?? []) flag("lock", lockText(need));
  pairs("env", body["env"]);
  pairs("secret", body["secrets"]);
  flag("cwd", body["workingDirectory"]);
  flag("user", body["user"]);
  flag("umask", body["umask"]);
  pairs("limit", body["limits"]);
  if (spec.argv !== undefined) words.push("--", ...spec.argv.map(shellQuote));
  return words.join(" ");
}

export function asTypeScript(spec: TaskSpecJson): string {
  const lines = literal(inMilliseconds(restBody(spec)), 0, (key) =>
    /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key),
  );
  return `import { createClient } from "tss";\n\nconst client = createClient();\nconst handle = await client.submit(${lines});\nconsole.log(handle.id);\n`;
}

const TIMES: Readonly<Record<string, string>> = {
  delay: "delayMs",
  expires: "expiresMs",
  timeout: "timeoutMs",
  heartbeatTimeout: "heartbeatTimeoutMs",
  cancelGrace: "cancelGraceMs",
  interval: "intervalMs",
  maxInterval: "maxIntervalMs",
};

/** The SDK counts in milliseconds, and calls a handler's payload its input. */
function inMilliseconds(body: RestBody): RestBody {
  const entries = Object.entries(body).map(([key, value]): [string, unknown] => {
    if (key === "retry") return [key, inMilliseconds(value as RestBody)];
    if (key === "payload") return ["input", value];
    const name = TIMES[key];
    return name === undefined ? [key, value] : [name, (value as number) * 1_000];
  });
  return Object.fromEntries(entries);
}

function literal(value: unknown, depth: number, key: (name: string) => string): string {
  const pad = "  ".repeat(depth + 1);
  const end = "  ".repeat(depth);
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, depth, key)).join(", ")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return "{}";
  return `{\n${entries.map(([name, item]) => `${pad}${key(name)}: ${literal(item, depth + 1, key)},\n`).join("")}${end}}`;
}
