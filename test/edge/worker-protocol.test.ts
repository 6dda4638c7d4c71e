import type { MessageInitShape } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ErrorInfoSchema } from "../../proto/gen/google/rpc/error_details_pb.js";
import { type WorkerInfoSchema, WorkerService } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { WORKER_PROTOCOL } from "../../proto/worker-protocol.ts";
import { readVersion } from "../../runtime/version.ts";
import { type EdgeUnderTest, startEdge } from "../support/edge-server.ts";
import { fakeOperations } from "../support/fake-operations.ts";
import { failure, statusOf, streamFailure, TestClient } from "../support/grpc-client.ts";

/** Workers of releases to come and gone, by greetings made by hand. */

const { work, leaseTasks } = WorkerService.method;
const OWN = `this coordinator (version ${readVersion()}) speaks version ${WORKER_PROTOCOL.newest}`;

let edge: EdgeUnderTest;
let client: TestClient;
let attached = 0;
beforeAll(async () => {
  const operations = fakeOperations({
    workers: {
      attach(_caller, _first, stream) {
        attached++;
        stream.end();
        return { receive() {}, closed() {} };
      },
      async leaseTasks() {
        attached++;
        return { leases: [], cancels: [], sessionId: "w_1", nextMs: 1_000, drain: false, coordinators: [] };
      },
    },
  });
  edge = await startEdge({ operations });
  client = new TestClient(edge.server.address, edge.key);
});
afterAll(async () => {
  client.close();
  await edge.close();
});

type Info = MessageInitShape<typeof WorkerInfoSchema>;

const both = (worker: Info) => [
  async () => {
    const call = client.bidi(work);
    call.on("data", () => {});
    const over = streamFailure(call);
    call.write({ hello: { worker } });
    return over;
  },
  async () => failure(client.unary(leaseTasks, { worker, max: 1 })),
];

test.each([
  [{ protocol: 0 }, "version 0", "VERSION_TOO_OLD", "upgrade the worker."],
  [
    { protocol: 999 },
    "version 999",
    "VERSION_TOO_NEW",
    "upgrade the coordinator first, or use a worker of its version.",
  ],
  [
    { protocol: 999, oldestProtocol: 998 },
    "versions 998 to 999",
    "VERSION_TOO_NEW",
    "upgrade the coordinator first, or use a worker of its version.",
  ],
])(
  "a worker that speaks %j is refused over the stream and the poll, with both versions and what to do",
  async (range, shown, reason, mend) => {
    const before = attached;
    for (const call of both({ name: "web-1", version: "9.1.0", ...range })) {
      const error = await call();
      if (error === undefined) throw new Error("it was taken");
      expect(error.code).toBe(status.FAILED_PRECONDITION);
      expect(anyUnpack(statusOf(error).details[0]!, ErrorInfoSchema)).toMatchObject({ reason });
      expect(error.details).toBe(
        `Worker "web-1" (version 9.1.0) speaks ${shown} of the worker protocol, and ${OWN}: ${mend}`,
      );
    }
    expect(attached).toBe(before);
  },
);

test.each([{}, { protocol: 1 }, { protocol: 999, oldestProtocol: 1 }])("one that speaks %j is taken", async (range) => {
  const before = attached;
  const call = client.bidi(work);
  call.on("data", () => {});
  const over = new Promise<void>((resolve) => call.once("end", resolve));
  call.write({ hello: { worker: { name: "w", ...range } } });
  await over;
  await client.unary(leaseTasks, { worker: { name: "w", ...range }, max: 1 });
  expect(attached).toBe(before + 2);
});
