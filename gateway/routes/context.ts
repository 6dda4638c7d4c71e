import type { DescService } from "@bufbuild/protobuf";
import { TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import type { Connection, ServiceClient } from "../../sdk/typescript/connection-types.ts";

/** What routes are made from. */
export interface RouteContext {
  readonly connection: Connection;
  /** Aborted when the gateway drains: streams end in good order. */
  readonly draining: AbortSignal;
}

export function taskClient({ connection }: RouteContext): ServiceClient<typeof TaskService> {
  return connection.service(TaskService);
}

/** A method of any service by its descriptor. */
export function callUnary(
  { connection }: RouteContext,
  service: DescService,
  method: string,
): (request: object, options: object) => Promise<never> {
  return (connection.service(service) as Record<string, unknown>)[method] as never;
}
