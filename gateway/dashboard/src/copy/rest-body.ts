import type { LockNeedJson, RetryPolicyJson, TaskSpecJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { readSeconds } from "../time/format.ts";

/** A task as POST /task/submit takes it, less what the caller would not have asked for again (its trace, its key). */
export type RestBody = Readonly<Record<string, unknown>>;

const PLAIN = [
  ...(["priority", "env", "secrets", "workingDirectory", "user", "umask", "limits"] as const),
  ...(["labels", "selector", "resources", "fairnessKey"] as const),
];
const DURATIONS = ["delay", "expires", "timeout", "heartbeatTimeout", "cancelGrace"] as const;

export function restBody(spec: TaskSpecJson): RestBody {
  const body: Record<string, unknown> = { name: spec.name };
  for (const key of ["queue", "command", "argv", "type"] as const) if (spec[key] !== undefined) body[key] = spec[key];
  if (spec.payload !== undefined) body["payload"] = payloadValue(spec.payload);
  for (const key of PLAIN) if (spec[key] !== undefined) body[key] = spec[key];
  if (spec.locks !== undefined) body["locks"] = spec.locks.map(lockBody);
  for (const key of DURATIONS) if (spec[key] !== undefined) body[key] = seconds(spec[key]);
  if (spec.retry !== undefined) body["retry"] = retryBody(spec.retry);
  return body;
}

/** By its name alone where that says all. */
function lockBody({ name = "", permits = 0 }: LockNeedJson): unknown {
  return permits > 1 ? { name, permits } : name;
}

function retryBody(retry: RetryPolicyJson): Record<string, unknown> {
  const { interval, maxInterval, backoff, ...rest } = retry;
  return {
    ...rest,
    ...(interval === undefined ? {} : { interval: seconds(interval) }),
    ...(maxInterval === undefined ? {} : { maxInterval: seconds(maxInterval) }),
    ...(backoff === undefined ? {} : { backoff: backoff.replace("RETRY_BACKOFF_", "").toLowerCase() }),
  };
}

/** The value of plain JSON; anything else as REST carries it. */
function payloadValue(payload: NonNullable<TaskSpecJson["payload"]>): unknown {
  const plain =
    (payload.encodings ?? []).length === 0 && (payload.contentType || "application/json") === "application/json";
  if (plain) {
    try {
      const bytes = Uint8Array.from(atob(payload.data ?? ""), (character) => character.charCodeAt(0));
      return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    } catch {
      // What calls itself JSON and is not goes as its bytes.
    }
  }
  return { data: payload.data ?? "", contentType: payload.contentType ?? "", encodings: payload.encodings ?? [] };
}

function seconds(duration: string): number {
  return (readSeconds(duration) ?? 0) / 1_000;
}
