import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { ServiceError } from "@grpc/grpc-js";
import type { BidiCall, BidiStream, BytesCall, CallOptions } from "../connection-types.ts";
import { type Channel, onAbort, pathOf } from "./single-connection.ts";
import { toTssError } from "./status-error.ts";

/** Opens a call that both sides write to. */
export function openBidi(
  channel: Channel,
  method: DescMethod,
  options: CallOptions,
): BidiCall<DescMessage, DescMessage> {
  return open<MessageInitShape<DescMessage>, MessageShape<DescMessage>>(channel, method, options, {
    write: (message) => Buffer.from(toBinary(method.input, create(method.input, message))),
    read: (bytes) => fromBinary(method.output, bytes),
  });
}

/** The same without encoding and decoding. */
export function openBytes(channel: Channel, method: DescMethod, options: CallOptions): BytesCall {
  return open<Buffer, Buffer>(channel, method, options, { write: (bytes) => bytes, read: (bytes) => bytes });
}

interface Format<W, R> {
  readonly write: (message: W) => Buffer;
  readonly read: (bytes: Buffer) => R;
}

function open<W, R>(
  channel: Channel,
  method: DescMethod,
  options: CallOptions,
  format: Format<W, R>,
): BidiStream<W, R> {
  const call = channel.client.makeBidiStreamRequest<W, R>(
    pathOf(method),
    format.write,
    format.read,
    channel.metadata(options),
    options.timeoutMs === undefined ? {} : { deadline: Date.now() + options.timeoutMs },
  );
  const cancel = () => call.cancel();
  onAbort(options.signal, cancel);
  call.once("close", () => options.signal?.removeEventListener("abort", cancel));
  // Who reads the call gets the error there.
  call.on("error", () => {});
  return {
    write: (message) => call.write(message),
    drained: () =>
      new Promise((resolve) => {
        if (!call.writableNeedDrain) resolve();
        call.once("drain", resolve);
        call.once("close", resolve);
      }),
    end: () => call.end(),
    cancel,
    async *[Symbol.asyncIterator]() {
      try {
        yield* call;
      } catch (error) {
        throw toTssError(error as ServiceError, channel.address);
      }
    },
  };
}
