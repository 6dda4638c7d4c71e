import type { TaskJson, TaskSpecJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { lockText } from "../task/lock-text.ts";
import { readPayload } from "../task/read-payload.ts";
import { readSeconds } from "../time/format.ts";
import { writeLine } from "./lines.ts";

export type Kind = "command" | "argv" | "type";

/** The form as it is filled in: texts, read when it is sent. */
export interface Draft {
  readonly kind: Kind;
  readonly name: string;
  readonly queue: string;
  readonly command: string;
  /** One argument a line. */
  readonly argv: string;
  readonly type: string;
  readonly payload: string;
  readonly priority: string;
  readonly delay: string;
  readonly timeout: string;
  readonly retries: string;
  readonly retryInterval: string;
  /** `name=value` a line. */
  readonly labels: string;
  /** `name` or `name:permits` a line. */
  readonly locks: string;
  readonly env: string;
  readonly workingDirectory: string;
}

export const BLANK: Draft = {
  kind: "command",
  name: "",
  queue: "",
  command: "",
  argv: "",
  type: "",
  payload: "",
  priority: "",
  delay: "",
  timeout: "",
  retries: "",
  retryInterval: "",
  labels: "",
  locks: "",
  env: "",
  workingDirectory: "",
};

/** A form filled in like a task. */
export function draftLike({ spec = {} }: TaskJson): Draft {
  const text = (value: unknown) => (value === undefined ? "" : String(value));
  const seconds = (value: string | undefined) => {
    const ms = readSeconds(value);
    return ms === undefined ? "" : `${ms / 1_000}s`;
  };
  const pairs = (map: Readonly<Record<string, string>> | undefined) =>
    Object.entries(map ?? {})
      .map(([name, value]) => `${name}=${value === "" ? "" : writeLine(value)}`)
      .join("\n");
  return {
    ...BLANK,
    kind: spec.type !== undefined ? "type" : spec.argv !== undefined ? "argv" : "command",
    name: text(spec.name),
    queue: text(spec.queue),
    command: text(spec.command),
    argv: (spec.argv ?? []).map(writeLine).join("\n"),
    type: text(spec.type),
    payload: spec.payload === undefined ? "" : (readPayload(spec.payload).text ?? ""),
    priority: text(spec.priority),
    timeout: seconds(spec.timeout),
    retries: text(spec.retry?.limit),
    retryInterval: seconds(spec.retry?.interval),
    labels: pairs(spec.labels),
    locks: (spec.locks ?? []).map(lockText).join("\n"),
    env: pairs(spec.env),
    workingDirectory: text(spec.workingDirectory),
  };
}

/** What of a task the form has no field for: it goes along as it was. */
export function restOfSpec(spec: TaskSpecJson): TaskSpecJson {
  const kept = REST.flatMap((field) => (spec[field] === undefined ? [] : [[field, spec[field]]]));
  return Object.fromEntries(kept) as TaskSpecJson;
}

const REST = [
  ...(["secrets", "selector", "resources", "fairnessKey", "cancelGrace", "heartbeatTimeout", "expires"] as const),
  ...(["user", "umask", "limits"] as const),
];
