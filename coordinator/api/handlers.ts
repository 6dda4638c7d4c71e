import {
  type DescMessage,
  type DescMethodBiDiStreaming,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type DescService,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { TssError } from "../../proto/errors.ts";
import { LIMITS } from "../../proto/limits.ts";
import { BidiStream } from "./bidi-stream.ts";
import { contextOf } from "./call-admission.ts";
import type { CallContext } from "./call-context.ts";
import type { EdgeLimits } from "./edge-limits.ts";
import type { Incoming } from "./grpc-definition.ts";
import { StreamSender } from "./stream-sender.ts";

/** An answer, or its bytes where it was encoded by hand. */
export type Answer<O extends DescMessage> = MessageShape<O> | Uint8Array;

/** What a service does, method by method; D are the decoders of requests that are not read by their schema. */
export type ServiceHandlers<S extends DescService, D = unknown> = {
  readonly [K in keyof S["method"]]: S["method"][K] extends DescMethodUnary<infer I, infer O>
    ? (request: Received<D, K, I>, call: CallContext) => Promise<Answer<O>>
    : S["method"][K] extends DescMethodServerStreaming<infer I, infer O>
      ? (request: Received<D, K, I>, call: CallContext) => AsyncIterable<Answer<O>>
      : S["method"][K] extends DescMethodBiDiStreaming<infer I, DescMessage>
        ? (stream: BidiStream<Received<D, K, I>>) => void
        : never;
};

type Received<D, K extends PropertyKey, I extends DescMessage> =
  D extends Readonly<Record<K, (bytes: Uint8Array) => infer R>> ? R : MessageShape<I>;

type Unary = (request: unknown, call: CallContext) => Promise<unknown>;
type Streaming = (request: unknown, call: CallContext) => AsyncIterable<unknown>;

/** Handlers in the terms of grpc-js. No handler's error leaves it but as a status. */
export function grpcImplementation<S extends DescService, D>(
  service: S,
  handlers: ServiceHandlers<S, D>,
  limits: Pick<EdgeLimits, "streamOutboxBytes" | "lingerMs">,
): UntypedServiceImplementation {
  const implementation: UntypedServiceImplementation = {};
  for (const method of service.methods) {
    const handler = handlers[method.localName as keyof typeof handlers] as unknown;
    if (method.methodKind === "unary") implementation[method.localName] = unary(method.output, handler as Unary);
    else if (method.methodKind === "server_streaming")
      implementation[method.localName] = streaming(method.output, handler as Streaming, limits.streamOutboxBytes);
    else implementation[method.localName] = bidi(handler as (stream: BidiStream<unknown>) => void, limits.lingerMs);
  }
  return implementation;
}

function unary(output: DescMessage, handler: Unary): handleUnaryCall<Incoming, Uint8Array> {
  return (call, respond) => {
    const context = contextOf(call);
    answer(call.request, context).then(
      (bytes) => respond(null, bytes),
      (error) => context.fail(error),
    );
  };

  async function answer(request: Incoming, context: CallContext): Promise<Uint8Array> {
    if ("problem" in request) throw request.problem;
    return encode(output, await handler(request.message, context));
  }
}

function streaming(
  output: DescMessage,
  handler: Streaming,
  outboxBytes: number,
): handleServerStreamingCall<Incoming, Uint8Array> {
  return (call) => {
    const context = contextOf(call);
    const sender = new StreamSender(call, outboxBytes);
    pump(call.request, context, sender).then(
      () => call.end(),
      // grpc-js never sends a status that overtakes messages: it waits for ever for those it has not been given yet.
      (error) => void sender.emptied(context.signal).then(() => context.fail(error)),
    );
  };

  async function pump(request: Incoming, context: CallContext, sender: StreamSender): Promise<void> {
    if ("problem" in request) throw request.problem;
    for await (const message of handler(request.message, context)) {
      if (context.over) return;
      if (!sender.write(encode(output, message))) await sender.drained(context.signal);
    }
  }
}

function bidi(
  handler: (stream: BidiStream<unknown>) => void,
  lingerMs: number,
): handleBidiStreamingCall<Incoming, Uint8Array> {
  return (call) => {
    const context = contextOf(call);
    try {
      handler(new BidiStream(call, context, lingerMs));
    } catch (error) {
      context.fail(error);
    }
  };
}

/** @throws TssError RESOURCE_EXHAUSTED when no client could receive the answer. */
function encode(output: DescMessage, message: unknown): Uint8Array {
  const bytes = message instanceof Uint8Array ? message : toBinary(output, message as MessageShape<DescMessage>);
  if (bytes.length <= LIMITS.messageBytes) return bytes;
  throw new TssError(
    "RESOURCE_EXHAUSTED",
    "The answer is larger than 4 MiB: ask for less at once, e.g. a smaller limit.",
    {
      reason: "ANSWER_TOO_LARGE",
    },
  );
}
