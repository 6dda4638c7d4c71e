import { create, type DescMethod, type DescService, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { Client, Metadata, type ServiceError } from "@grpc/grpc-js";
import type { CallOptions, Connection, ConnectionOptions, ServiceClient } from "../connection-types.ts";
import { openBidi, openBytes } from "./bidi-call.ts";
import { credentialsOf } from "./fresh-credentials.ts";
import { toTssError } from "./status-error.ts";
import { UnreachableError } from "./unreachable.ts";

const UNARY_TIMEOUT_MS = 30_000;

/** What every call of a connection needs. */
export interface Channel {
  readonly client: Client;
  readonly address: string;
  metadata(options: CallOptions): Metadata;
}

/** A connection to the coordinator at one address; it is made with the first call or `ready`. */
export function openSingle(options: ConnectionOptions): Connection {
  const { address, tls } = options;
  const client = new Client(address, credentialsOf(tls), {
    "grpc.primary_user_agent": options.userAgent ?? "tss",
    "grpc.keepalive_time_ms": 10_000,
    "grpc.keepalive_timeout_ms": 5_000,
    "grpc.use_local_subchannel_pool": 1,
  });
  const channel: Channel = {
    client,
    address,
    metadata(call) {
      const metadata = new Metadata();
      const apiKey = typeof options.apiKey === "function" ? options.apiKey() : options.apiKey;
      if (apiKey !== undefined) metadata.set("authorization", `Bearer ${apiKey}`);
      for (const [name, value] of Object.entries(call.headers ?? {})) metadata.set(name, value);
      return metadata;
    },
  };
  return {
    service: (service) => serviceClient(channel, service),
    bytes: (method, options = {}) => openBytes(channel, method, options),
    ready: (timeoutMs) => ready(channel, timeoutMs),
    close: () => client.close(),
  };
}

function serviceClient<S extends DescService>(channel: Channel, service: S): ServiceClient<S> {
  const methods: Record<string, unknown> = {};
  for (const method of service.methods) {
    if (method.methodKind === "unary")
      methods[method.localName] = (request: Record<string, unknown>, options: CallOptions = {}) =>
        unary(channel, method, request, options);
    if (method.methodKind === "server_streaming")
      methods[method.localName] = (request: Record<string, unknown>, options: CallOptions = {}) =>
        stream(channel, method, request, options);
    if (method.methodKind === "bidi_streaming")
      methods[method.localName] = (options: CallOptions = {}) => openBidi(channel, method, options);
  }
  return methods as ServiceClient<S>;
}

function unary(
  channel: Channel,
  method: DescMethod,
  request: Record<string, unknown>,
  options: CallOptions,
): Promise<Message> {
  return new Promise((resolve, reject) => {
    const call = channel.client.makeUnaryRequest(
      pathOf(method),
      (message: Message) => Buffer.from(toBinary(method.input, message)),
      (bytes) => fromBinary(method.output, bytes),
      create(method.input, request),
      channel.metadata(options),
      { deadline: Date.now() + (options.timeoutMs ?? UNARY_TIMEOUT_MS) },
      (error, answer) => {
        options.signal?.removeEventListener("abort", cancel);
        if (error !== null) reject(toTssError(error, channel.address));
        else resolve(answer as Message);
      },
    );
    const cancel = () => call.cancel();
    onAbort(options.signal, cancel);
  });
}

async function* stream(
  channel: Channel,
  method: DescMethod,
  request: Record<string, unknown>,
  options: CallOptions,
): AsyncGenerator<Message> {
  const call = channel.client.makeServerStreamRequest(
    pathOf(method),
    (message: Message) => Buffer.from(toBinary(method.input, message)),
    (bytes) => fromBinary(method.output, bytes),
    create(method.input, request),
    channel.metadata(options),
    options.timeoutMs === undefined ? {} : { deadline: Date.now() + options.timeoutMs },
  );
  const cancel = () => call.cancel();
  onAbort(options.signal, cancel);
  try {
    for await (const message of call) yield message;
  } catch (error) {
    throw toTssError(error as ServiceError, channel.address);
  } finally {
    options.signal?.removeEventListener("abort", cancel);
    call.on("error", () => {});
    call.cancel();
  }
}

function ready(channel: Channel, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    channel.client.waitForReady(Date.now() + timeoutMs, (error) => {
      if (error) reject(new UnreachableError(channel.address, ""));
      else resolve();
    });
  });
}

export function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

export function onAbort(signal: AbortSignal | undefined, cancel: () => void): void {
  if (signal?.aborted) cancel();
  else signal?.addEventListener("abort", cancel, { once: true });
}
