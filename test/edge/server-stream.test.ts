import { create } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { expect, test } from "@jest/globals";
import { TssError } from "../../proto/errors.ts";
import { TaskService, WatchTasksResponseSchema } from "../../proto/gen/tss/v1/task_service_pb.js";
import { startEdge } from "../support/edge-server.ts";
import { fakeOperations } from "../support/fake-operations.ts";
import { TestClient } from "../support/grpc-client.ts";

test("a stream that fails behind several unsent messages delivers them and then its status", async () => {
  const watchTasks = async function* () {
    for (const cursor of ["1", "2", "3"]) yield create(WatchTasksResponseSchema, { cursor });
    throw new TssError("NOT_FOUND", "It is gone.");
  };
  const edge = await startEdge({ operations: fakeOperations({ tasks: { watchTasks } }) });
  const client = new TestClient(edge.server.address, edge.key);
  try {
    const cursors: string[] = [];
    const stream = client.serverStream(TaskService.method.watchTasks, { id: "x" });
    const reading = (async () => {
      for await (const message of stream) cursors.push((message as { cursor: string }).cursor);
    })();
    await expect(reading).rejects.toMatchObject({ code: status.NOT_FOUND });
    expect(cursors).toEqual(["1", "2", "3"]);
  } finally {
    await client.close();
    await edge.close();
  }
});
