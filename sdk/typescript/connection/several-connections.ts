import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { TssError } from "../../../proto/errors.ts";
import type { BidiStream, CallOptions, Connection, ServiceClient } from "../connection-types.ts";
import { lateStream } from "./late-stream.ts";
import { type Link, Links, type Way } from "./links.ts";
import { MovingCall, noteFailure } from "./moving-call.ts";
import { isRepeatable } from "./repeatable.ts";
import { SessionPlaces } from "./session-places.ts";

type Request = Record<string, unknown>;
type Unary = (request: Request, options?: CallOptions) => Promise<object>;
type Stream = (request: Request, options?: CallOptions) => AsyncIterable<unknown>;
type Bidi = (options?: CallOptions) => BidiStream<unknown, unknown>;

const READY_PAUSE_MS = 200;

/**
 * One connection to several coordinators that are one system: each call goes to one that serves, and to another when that
 * one does not answer, as far as it can be sent again (docs/decisions/0034).
 */
export function openSeveral(ways: readonly Way[]): Connection {
  const links = new Links(ways);
  const sessions = new SessionPlaces();
  return {
    service: (service) => severalClient(links, sessions, service),
    bytes: (method, options) => openBidi(links, options, ({ connection }) => connection.bytes(method, options)),
    ready: (timeoutMs) => ready(links, timeoutMs),
    close: () => links.close(),
  };
}

function severalClient<S extends DescService>(links: Links, sessions: SessionPlaces, service: S): ServiceClient<S> {
  const clients = new Map(links.all.map((link) => [link, link.connection.service(service) as Record<string, unknown>]));
  const methods: Record<string, unknown> = {};
  for (const method of service.methods) {
    const on = <F>(link: Link) => clients.get(link)?.[method.localName] as F;
    if (method.methodKind === "unary")
      methods[method.localName] = (request: Request, options: CallOptions = {}) =>
        unary(links, sessions, method, request, options, (link, left) => on<Unary>(link)(request, left));
    if (method.methodKind === "server_streaming")
      methods[method.localName] = (request: Request, options: CallOptions = {}) =>
        stream(links, method, request, options, (link, left) => on<Stream>(link)(request, left));
    if (method.methodKind === "bidi_streaming")
      methods[method.localName] = (options: CallOptions = {}) =>
        openBidi(links, options, (link) => on<Bidi>(link)(options));
  }
  return methods as ServiceClient<S>;
}

async function unary(
  links: Links,
  sessions: SessionPlaces,
  method: DescMethod,
  request: Request,
  options: CallOptions,
  call: (link: Link, options: CallOptions) => Promise<object>,
): Promise<object> {
  const moving = new MovingCall(links, isRepeatable(method, request), options, sessions.placeOf(request));
  for (;;) {
    const link = await moving.next();
    link.calls++;
    try {
      const answer = await call(link, moving.options);
      sessions.note(answer, link);
      return answer;
    } catch (error) {
      await moving.failed(link, error);
    } finally {
      link.calls--;
    }
  }
}

/** Once something has come, a failure is the caller's to know: it knows from where to go on. */
async function* stream(
  links: Links,
  method: DescMethod,
  request: Request,
  options: CallOptions,
  call: (link: Link, options: CallOptions) => AsyncIterable<unknown>,
): AsyncGenerator<unknown> {
  const moving = new MovingCall(links, isRepeatable(method, request), options);
  let begun = false;
  for (;;) {
    const link = await moving.next();
    link.calls++;
    try {
      for await (const message of call(link, moving.options)) {
        begun = true;
        yield message;
      }
      return;
    } catch (error) {
      if (begun && error instanceof TssError) noteFailure(link, error);
      if (begun) throw error;
      await moving.failed(link, error);
    } finally {
      link.calls--;
    }
  }
}

/** A stream stays where it was opened; whoever speaks over it opens another when it breaks. */
function openBidi<W, R>(
  links: Links,
  { signal }: CallOptions = {},
  open: (link: Link) => BidiStream<W, R>,
): BidiStream<W, R> {
  const opened = (link: Link): BidiStream<W, R> => {
    link.calls++;
    return noted(open(link), link);
  };
  const now = links.chooseNow(NONE);
  if (now !== undefined) return opened(now);
  return lateStream(new MovingCall(links, false, signal === undefined ? {} : { signal }).next().then(opened));
}

const NONE: ReadonlySet<Link> = new Set();

/** The stream, whose end is noted at its link. */
function noted<W, R>(stream: BidiStream<W, R>, link: Link): BidiStream<W, R> {
  return {
    write: (message) => stream.write(message),
    drained: () => stream.drained(),
    end: () => stream.end(),
    cancel: () => stream.cancel(),
    async *[Symbol.asyncIterator]() {
      try {
        yield* stream;
      } catch (error) {
        if (error instanceof TssError) noteFailure(link, error);
        throw error;
      } finally {
        link.calls--;
      }
    },
  };
}

async function ready(links: Links, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      await links.choose(NONE);
      return;
    } catch (error) {
      if (performance.now() + READY_PAUSE_MS > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, READY_PAUSE_MS));
    }
  }
}
