import { TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import type { Connection } from "../../sdk/typescript/connection-types.ts";

const PER_MESSAGE = 1_000;
const IN_FLIGHT = 8;
const PAYLOAD = { data: Buffer.alloc(100, "x"), contentType: "text/plain" };

/** Submits tasks named 0 to `size` − 1 over one stream, a few messages under way at a time; resolves when all are durable. */
export async function submitDeep(connection: Connection, size: number): Promise<void> {
  const stream = connection.service(TaskService).submitStream();
  let written = 0;
  let answered = 0;
  const write = () => {
    const first = written * PER_MESSAGE;
    const count = Math.min(PER_MESSAGE, size - first);
    if (count <= 0) return;
    const tasks = Array.from({ length: count }, (_, index) => ({
      name: String(first + index),
      command: "true",
      payload: PAYLOAD,
    }));
    stream.write({ sequence: written++, request: { tasks, requestId: `deep-${first}` } });
  };
  for (let message = 0; message < IN_FLIGHT; message++) write();
  for await (const { sequence, answer } of stream) {
    if (answer.case !== "response") throw new Error(`message ${sequence} was refused: ${answer.value?.message}`);
    const refused = answer.value.results.find(({ result }) => result.case !== "id");
    if (refused !== undefined) throw new Error(`a task of message ${sequence} was refused`);
    answered++;
    write();
    if (answered === written) stream.end();
  }
  if (answered * PER_MESSAGE < size) throw new Error(`the stream ended after ${answered} answers`);
}
