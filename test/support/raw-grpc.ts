import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";

/** A gRPC call by hand on node:http2: nothing is read unless a test reads it. */
export class RawGrpc {
  readonly session: ClientHttp2Session;
  private readonly key: string;

  constructor(address: string, key: string) {
    this.key = key;
    this.session = connect(`http://${address}`);
    this.session.on("error", () => {});
  }

  /** Opens a call. @param path `/package.Service/Method` */
  call(path: string, headers: Readonly<Record<string, string>> = {}): ClientHttp2Stream {
    const stream = this.session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      authorization: `Bearer ${this.key}`,
      ...headers,
    });
    stream.on("error", () => {});
    return stream;
  }

  close(): void {
    this.session.destroy();
  }
}

/** A message with its length before it. */
export function framed(message: Uint8Array, compressed = false): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(compressed ? 1 : 0);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** The status a call ends with; reads it to its end. */
export function rawStatus(stream: ClientHttp2Stream): Promise<number> {
  return new Promise((resolve) => {
    stream.on("response", (headers) => {
      if (headers["grpc-status"] !== undefined) resolve(Number(headers["grpc-status"]));
    });
    stream.on("trailers", (headers) => resolve(Number(headers["grpc-status"])));
    stream.on("close", () => resolve(-1));
    stream.resume();
  });
}
