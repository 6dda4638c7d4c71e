import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import {
  type CallOptions,
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials as Credentials,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import { type Status, StatusSchema } from "../../proto/gen/google/rpc/status_pb.js";

type Method<I extends DescMessage, O extends DescMessage> = DescMethod & { readonly input: I; readonly output: O };
type Headers = Readonly<Record<string, string>>;

/** A plain gRPC client over descriptors, as a stranger would write one. */
export class TestClient {
  readonly client: Client;
  private readonly key: string | undefined;

  constructor(
    address: string,
    key?: string,
    credentials: ChannelCredentials = Credentials.createInsecure(),
    options: ChannelOptions = {},
  ) {
    this.key = key;
    this.client = new Client(address, credentials, { "grpc.use_local_subchannel_pool": 1, ...options });
  }

  unary<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: MessageInitShape<I>,
    options: CallOptions & { headers?: Headers; raw?: Uint8Array; onHeaders?: (metadata: Metadata) => void } = {},
  ): Promise<MessageShape<O>> & { cancel(): void } {
    let cancel = () => {};
    const promise = new Promise<MessageShape<O>>((resolve, reject) => {
      const call = this.client.makeUnaryRequest(
        pathOf(method),
        (message: MessageShape<I>) => Buffer.from(options.raw ?? toBinary(method.input, message)),
        (bytes) => fromBinary(method.output, bytes),
        create(method.input, request),
        this.metadata(options.headers),
        options,
        (error, answer) => (error ? reject(error) : resolve(answer as MessageShape<O>)),
      );
      call.on("metadata", (metadata) => options.onHeaders?.(metadata));
      cancel = () => call.cancel();
    });
    return Object.assign(promise, { cancel: () => cancel() });
  }

  serverStream<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: MessageInitShape<I>,
    options: CallOptions = {},
  ): ClientReadableStream<MessageShape<O>> {
    return quiet(
      this.client.makeServerStreamRequest(
        pathOf(method),
        (message: MessageShape<I>) => Buffer.from(toBinary(method.input, message)),
        (bytes) => fromBinary(method.output, bytes),
        create(method.input, request),
        this.metadata(),
        options,
      ),
    );
  }

  bidi<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    options: CallOptions = {},
  ): ClientDuplexStream<MessageInitShape<I> | Uint8Array, MessageShape<O>> {
    return quiet(
      this.client.makeBidiStreamRequest(
        pathOf(method),
        (message: MessageInitShape<I> | Uint8Array) =>
          Buffer.from(message instanceof Uint8Array ? message : toBinary(method.input, create(method.input, message))),
        (bytes) => fromBinary(method.output, bytes),
        this.metadata(),
        options,
      ),
    );
  }

  close(): void {
    this.client.close();
  }

  private metadata(headers: Headers = {}): Metadata {
    const metadata = new Metadata();
    if (this.key !== undefined) metadata.set("authorization", `Bearer ${this.key}`);
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    return metadata;
  }
}

/** The error a call ended with. */
export async function failure(call: Promise<unknown>): Promise<ServiceError> {
  try {
    await call;
  } catch (error) {
    return error as ServiceError;
  }
  throw new Error("the call succeeded");
}

/** The error a stream ends with; undefined when it ends well. Reads it to its end. */
export function streamFailure(stream: ClientReadableStream<unknown> | ClientDuplexStream<unknown, unknown>) {
  return new Promise<ServiceError | undefined>((resolve) => {
    stream.on("error", (error: ServiceError) => resolve(error));
    stream.on("end", () => resolve(undefined));
    stream.resume();
  });
}

/** `google.rpc.Status` of an error. */
export function statusOf(error: ServiceError): Status {
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  return fromBinary(StatusSchema, bytes as Buffer);
}

/** Who wants the error of a stream asks for it with `streamFailure`. */
function quiet<T extends { on(event: "error", listener: () => void): unknown }>(stream: T): T {
  stream.on("error", () => {});
  return stream;
}

function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}
