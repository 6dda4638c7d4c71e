import type { TaskSpecJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { type RestBody, restBody } from "./rest-body.ts";

/** A program for the Python SDK, whose durations are seconds. */
export function asPython(spec: TaskSpecJson): string {
  const { type, command, argv, payload, retry, locks, ...options } = restBody(spec);
  const named = Object.entries(options).map(([key, value]) => `${snake(key)}=${literal(value, 2)}`);
  if (retry !== undefined) named.push(`retry=tss.Retry(${policy(retry as RestBody)})`);
  if (locks !== undefined) named.push(`locks=[${(locks as unknown[]).map(lock).join(", ")}]`);
  const given = payload === undefined ? [] : [literal(payload, 2)];
  const call =
    type !== undefined
      ? lines("tss.task", [literal(type, 2), ...given, ...named])
      : payload === undefined
        ? lines("tss.command", [literal(command ?? argv, 2), ...named])
        : lines("tss.TaskRequest", [
            `${command === undefined ? "argv" : "command"}=${literal(command ?? argv, 2)}`,
            `input=${given[0]}`,
            `options=dict(${named.join(", ")})`,
          ]);
  return `import tss\n\nclient = tss.Client()\nhandle = client.submit(\n    ${call}\n)\nprint(handle.id)\n`;
}

function lines(name: string, parts: readonly string[]): string {
  return `${name}(\n${parts.map((part) => `        ${part},\n`).join("")}    )`;
}

function policy(retry: RestBody): string {
  return Object.entries(retry)
    .map(([key, value]) => `${snake(key)}=${literal(value, 2)}`)
    .join(", ");
}

function lock(need: unknown): string {
  return typeof need === "string" ? literal(need, 2) : `tss.LockNeed(${policy(need as RestBody)})`;
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** JSON as Python writes it: texts have the same escapes in both. */
function literal(value: unknown, depth: number): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, depth)).join(", ")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return "{}";
  const pad = "    ".repeat(depth + 1);
  const items = entries.map(([key, item]) => `${pad}${JSON.stringify(key)}: ${literal(item, depth + 1)},\n`);
  return `{\n${items.join("")}${"    ".repeat(depth)}}`;
}
