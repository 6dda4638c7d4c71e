import type { TaskService } from "../../../proto/gen/tss/v1/task_service_pb.js";
import type { ServiceClient } from "../connection-types.ts";

/** The calls about tasks. */
export type Tasks = ServiceClient<typeof TaskService>;
