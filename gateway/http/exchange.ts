import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { TssError } from "../../proto/errors.ts";
import { LIMITS } from "../../proto/limits.ts";
import { JsonProblem, type JsonValue, parseJson } from "../json/parse-json.ts";
import { HttpProblem } from "./problem.ts";

/** One request and its answer, with what every route needs of them. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  /** Values of the route's `{…}` parts. */
  params: Readonly<Record<string, string>> = {};
  /** The route, for metrics. */
  route = "none";
  readonly #gone = new AbortController();
  #url: URL | undefined;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request;
    this.response = response;
    const given = request.headers["x-request-id"];
    this.requestId = typeof given === "string" && /^[\w.:-]{1,64}$/.test(given) ? given : randomUUID();
    response.once("close", () => this.#gone.abort());
  }

  /** Where the request goes. @throws HttpProblem 400 when it cannot be read as an address. */
  get url(): URL {
    this.#url ??= readTarget(this.request.url ?? "/");
    return this.#url;
  }

  /** Aborted when the answer is complete or the client has gone. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /** The caller's key as the coordinator wants it. @throws HttpProblem 401 */
  get authorization(): string {
    const { authorization, "x-api-key": apiKey } = this.request.headers;
    if (typeof apiKey === "string" && apiKey !== "") return `Bearer ${apiKey}`;
    if (authorization !== undefined && /^Bearer +\S+$/i.test(authorization)) return authorization;
    throw new HttpProblem(
      401,
      "UNAUTHENTICATED",
      "Send an API key: the header Authorization: Bearer tss_… or X-API-Key. `tss key create` makes one.",
      { "www-authenticate": 'Bearer realm="tss"' },
    );
  }

  /** What goes along with a call to the coordinator. */
  get callOptions(): { headers: Record<string, string>; signal: AbortSignal } {
    const headers: Record<string, string> = { authorization: this.authorization, "x-request-id": this.requestId };
    const { traceparent } = this.request.headers;
    if (typeof traceparent === "string") headers["traceparent"] = traceparent.slice(0, 55);
    return { headers, signal: this.signal };
  }

  /** The body as JSON; an absent body is an empty object. @throws HttpProblem, TssError */
  async readJson(): Promise<JsonValue> {
    const bytes = await this.#readBody();
    if (bytes.length === 0) return {};
    const type = this.request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
    if (type !== "application/json")
      throw new HttpProblem(415, "UNSUPPORTED_MEDIA_TYPE", "Send JSON with the header Content-Type: application/json.");
    const encoding = this.request.headers["content-encoding"] ?? "identity";
    if (encoding !== "identity")
      throw new HttpProblem(
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        `The body is sent with Content-Encoding ${encoding.slice(0, 40)}; send it as it is.`,
      );
    let text: string;
    try {
      text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      throw new HttpProblem(400, "INVALID_ARGUMENT", "The body is not valid UTF-8.");
    }
    return asArgument(() => parseJson(text));
  }

  async #readBody(): Promise<Buffer> {
    if (Number(this.request.headers["content-length"] ?? 0) > LIMITS.requestBytes) throw this.#tooLarge();
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of this.request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > LIMITS.requestBytes) break;
      chunks.push(chunk);
    }
    if (bytes > LIMITS.requestBytes) throw this.#tooLarge();
    return Buffer.concat(chunks);
  }

  /** The rest is read past and the connection stays: a client that is still sending would not see the answer. */
  #tooLarge(): HttpProblem {
    this.request.resume();
    return new HttpProblem(413, "PAYLOAD_TOO_LARGE", `The body may have at most ${LIMITS.requestBytes} bytes.`);
  }

  json(status: number, body: JsonValue, headers: Readonly<Record<string, string>> = {}): void {
    this.response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
    this.response.end(`${JSON.stringify(body)}\n`);
  }

  text(status: number, contentType: string, body: string, headers: Readonly<Record<string, string>> = {}): void {
    this.response.writeHead(status, { "content-type": contentType, ...headers });
    this.response.end(body);
  }

  /** Writes and waits until a slow client has taken it. False: the client has gone. */
  async write(bytes: Uint8Array | string): Promise<boolean> {
    if (this.signal.aborted) return false;
    if (this.response.write(bytes)) return true;
    await new Promise<void>((resolve) => {
      this.response.once("drain", resolve);
      this.response.once("close", resolve);
    });
    return !this.signal.aborted;
  }
}

function readTarget(target: string): URL {
  // Two slashes at the beginning are a path here, and no host.
  const address = target.startsWith("/") ? `http://gateway${target}` : target;
  if (!URL.canParse(address))
    throw new HttpProblem(400, "BAD_REQUEST", "The address of the request cannot be read; it begins with one /.");
  return new URL(address);
}

/** Problems of a JSON text as the contract's INVALID_ARGUMENT. */
export function asArgument<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    const subject = error.path === "" ? "The body" : error.path;
    throw new TssError("INVALID_ARGUMENT", `${subject} ${error.message}${error.message.endsWith("?") ? "" : "."}`, {
      reason: "INVALID_JSON",
      violations: error.path === "" ? [] : [{ field: error.path, description: error.message }],
    });
  }
}
