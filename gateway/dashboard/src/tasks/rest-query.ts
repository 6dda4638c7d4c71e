import type { ListTasksRequestJson } from "../../../../proto/gen/tss/v1/task_service_pb.js";

/** A list as REST asks for it: statuses in small letters, durations in seconds. */
export function restQuery(request: ListTasksRequestJson): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(request)) {
    if (name === "status")
      for (const status of request.status ?? []) query.append(name, status.replace("TASK_STATUS_", "").toLowerCase());
    else if (Array.isArray(value)) for (const item of value) query.append(name, String(item));
    else query.append(name, /^(waited|ran)(Over|Under)$/.test(name) ? String(value).replace(/s$/, "") : String(value));
  }
  return query.toString();
}
