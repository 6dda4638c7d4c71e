import { TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import type { JsonObject } from "../json/parse-json.ts";

const whole = { type: "integer", minimum: 0 };

/** The query parameters of calls that stream, as the routes take them: friendlier than their messages. */
export const STREAM_PARAMETERS: Readonly<Record<string, Readonly<Record<string, JsonObject>>>> = {
  [TaskService.method.watchTasks.name]: {},
  [TaskService.method.tailLogs.name]: {
    follow: { type: "string", enum: ["1", "0"], description: "1: until the task has ended." },
    attempt: { ...whole, description: "0: the newest, or with follow every one." },
    offset: { ...whole, description: "First byte wanted, both streams counted together." },
    stream: { type: "string", enum: ["stdout", "stderr", "both"] },
  },
};
