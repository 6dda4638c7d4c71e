import { ListTasksRequestSchema } from "../../proto/gen/tss/v1/task_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import type { JsonObject } from "../json/parse-json.ts";
import type { Schemas } from "./schemas.ts";

/** A list as a file: the conditions of /task/list, read page by page by the gateway. */
export function exportOperation(schemas: Schemas, problem: JsonObject): JsonObject {
  const conditions = ListTasksRequestSchema.fields
    .filter(({ jsonName }) => jsonName !== "limit")
    .map((field) => ({ name: field.jsonName, in: "query", required: false, schema: schemas.field(field) }));
  const text = { schema: { type: "string" } };
  return {
    operationId: "exportTasks",
    tags: ["task"],
    summary: "A list of tasks as a file, newest first.",
    description:
      "CSV (RFC 4180) or one JSON object a line, sent as it is read. Where there are more than `limit`, the last line says so and names the cursor to go on with.",
    parameters: [
      { name: "format", in: "query", required: false, schema: { type: "string", enum: ["csv", "ndjson"] } },
      {
        name: "limit",
        in: "query",
        required: false,
        description: `Absent: ${LIMITS.exportTasks}.`,
        schema: { type: "integer", minimum: 1, maximum: LIMITS.exportTasks },
      },
      ...conditions,
    ],
    responses: {
      "200": { description: "The file.", content: { "text/csv": text, "application/x-ndjson": text } },
      default: problem,
    },
  };
}
