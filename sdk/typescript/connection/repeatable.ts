import type { DescMethod } from "@bufbuild/protobuf";

/** Calls that change something and, made twice, have changed it once. */
const SETTING: ReadonlySet<string> = new Set([
  "cancelTasks",
  "pauseQueue",
  "resumeQueue",
  "limitQueue",
  "drainWorker",
  "renewLock",
]);

/** Whether a request may be sent again when nobody knows whether it was carried out. */
export function isRepeatable({ localName, methodKind }: DescMethod, request: object): boolean {
  if (methodKind === "server_streaming" || /^(get|list|wait|explain|check)/.test(localName) || SETTING.has(localName))
    return true;
  const { requestId = "", tasks } = request as { requestId?: string; tasks?: { idempotencyKey?: string }[] };
  if (requestId !== "") return true;
  return (
    localName === "submitTasks" &&
    tasks !== undefined &&
    tasks.every(({ idempotencyKey = "" }) => idempotencyKey !== "")
  );
}
