import type {
  DescMessage,
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";

/** PEM texts: whom to trust in place of the system's authorities, and what to show of oneself. */
export interface TlsTexts {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Where the coordinator is and who calls. */
export interface ConnectionOptions {
  /** host:port, or several separated by commas: any of one system answers for all. */
  readonly address: string;
  /** A function is asked for each call, so that the key may be renewed. */
  readonly apiKey?: string | (() => string);
  /** Absent: plaintext. A function is asked for each connection that is made, so that certificates may be replaced. */
  readonly tls?: TlsTexts | (() => TlsTexts);
  /** Program and version, for the coordinator's log. */
  readonly userAgent?: string;
}

export interface CallOptions {
  /** Ends the call with CANCELLED. */
  readonly signal?: AbortSignal;
  /** Milliseconds; unary calls default to 30 000, streams have none. */
  readonly timeoutMs?: number;
  /** Further request headers, e.g. traceparent. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Both halves of a bidi call. Reading throws TssError when the call fails, and ends when the server ends it. */
export interface BidiStream<W, R> extends AsyncIterable<R> {
  /** False: the peer is slow; wait for `drained` before writing more. */
  write(message: W): boolean;
  drained(): Promise<void>;
  /** No further message from this side. */
  end(): void;
  /** Ends the call at once. */
  cancel(): void;
}

export type BidiCall<I extends DescMessage, O extends DescMessage> = BidiStream<MessageInitShape<I>, MessageShape<O>>;

/** A bidi call whose messages are the bytes of the wire, for who reads and writes them field by field. */
export type BytesCall = BidiStream<Buffer, Buffer>;

/** Typed methods of a service. Every failure is a TssError with the server's message and details. */
export type ServiceClient<S extends DescService> = {
  [K in keyof S["method"]]: S["method"][K] extends DescMethodUnary<infer I, infer O>
    ? (request: MessageInitShape<I>, options?: CallOptions) => Promise<MessageShape<O>>
    : S["method"][K] extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageInitShape<I>, options?: CallOptions) => AsyncIterable<MessageShape<O>>
      : S["method"][K] extends DescMethodBiDiStreaming<infer I, infer O>
        ? (options?: CallOptions) => BidiCall<I, O>
        : never;
};

/** The one door to a coordinator: address, TLS, key, keepalive, deadlines and error mapping. */
export interface Connection {
  service<S extends DescService>(service: S): ServiceClient<S>;
  bytes(method: DescMethodBiDiStreaming, options?: CallOptions): BytesCall;
  /** Resolves when a coordinator answers. @throws TssError UNAVAILABLE naming the addresses tried. */
  ready(timeoutMs: number): Promise<void>;
  close(): void;
}
