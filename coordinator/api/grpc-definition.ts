import { type DescMethod, type DescService, fromBinary } from "@bufbuild/protobuf";
import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { TssError } from "../../proto/errors.ts";

/** What a message takes beside its bytes: an empty one is not free. */
const MESSAGE_OVERHEAD = 1_024;

/** A request as it came: decoded, or what is wrong with it; with the bytes it takes, about. */
export type Incoming =
  | { readonly message: unknown; readonly bytes: number }
  | { readonly problem: TssError; readonly bytes: number };

export type Decode = (bytes: Uint8Array) => unknown;

/** A service in the terms of grpc-js. Requests never fail to decode, but say so; responses are bytes already. */
export function serviceDefinition(service: DescService, decoders: Readonly<Record<string, Decode>>): ServiceDefinition {
  return Object.fromEntries(
    service.methods.map((method) => [method.localName, methodDefinition(method, decoders[method.localName])]),
  );
}

/** `package.Service/Method` */
export function methodName(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

function methodDefinition(
  method: DescMethod,
  decode: Decode = (bytes) => fromBinary(method.input, bytes),
): MethodDefinition<Incoming, Uint8Array> {
  const readsStream = method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
  const writesStream = method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming";
  return {
    path: `/${methodName(method)}`,
    originalName: method.localName,
    requestStream: readsStream,
    responseStream: writesStream,
    requestSerialize: notAClient,
    requestDeserialize: (bytes) => read(method, decode, bytes),
    responseSerialize: asBuffer,
    responseDeserialize: notAClient,
  };
}

function read(method: DescMethod, decode: Decode, bytes: Buffer): Incoming {
  const size = bytes.length + MESSAGE_OVERHEAD;
  try {
    return { message: decode(bytes), bytes: size };
  } catch (error) {
    const problem =
      error instanceof TssError
        ? error
        : new TssError("INVALID_ARGUMENT", `The request is not a valid ${method.input.typeName} message.`, {
            reason: "MALFORMED_MESSAGE",
            cause: error,
          });
    return { problem, bytes: size };
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function notAClient(): never {
  throw new Error("this definition serves calls and makes none");
}
