import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type WorkRequest, WorkRequestSchema, WorkResponseSchema } from "../../proto/gen/tss/v1/worker_service_pb.js";
import type { BytesCall } from "../../sdk/typescript/connection-types.ts";

export type PlayedStream = ReturnType<typeof playedStream>;

/** A stream that a test plays: what the worker wrote, and what it is told. */
export function playedStream() {
  const written: WorkRequest[] = [];
  const inbox: Buffer[] = [];
  let wake = Promise.withResolvers<void>();
  let over = false;
  const call: BytesCall = {
    write(message) {
      written.push(fromBinary(WorkRequestSchema, message));
      return true;
    },
    drained: async () => {},
    end: () => tell(undefined),
    cancel: () => tell(undefined),
    async *[Symbol.asyncIterator]() {
      while (true) {
        while (inbox.length > 0) yield inbox.shift() as Buffer;
        if (over) return;
        await wake.promise;
      }
    },
  };
  function tell(response: Parameters<typeof create<typeof WorkResponseSchema>>[1] | undefined): void {
    if (response === undefined) over = true;
    else inbox.push(Buffer.from(toBinary(WorkResponseSchema, create(WorkResponseSchema, response))));
    wake.resolve();
    wake = Promise.withResolvers();
  }
  return { call, written, tell };
}
