import type { WorkRequest } from "../../../proto/gen/tss/v1/worker_service_pb.js";

/** An empty message would be a sign of life. */
export function hasContent(message: WorkRequest): boolean {
  return Object.entries(message).some(
    ([name, value]) =>
      name !== "$typeName" &&
      (Array.isArray(value) ? value.length > 0 : value !== undefined && value !== 0 && value !== false),
  );
}
