import type { BidiStream } from "../connection-types.ts";

/** A stream whose coordinator is still looked for: what is written meanwhile goes first. */
export function lateStream<W, R>(open: Promise<BidiStream<W, R>>): BidiStream<W, R> {
  let stream: BidiStream<W, R> | undefined;
  let cancelled = false;
  const waiting: ((stream: BidiStream<W, R>) => void)[] = [];
  const opened = open.then((found) => {
    stream = found;
    for (const say of waiting.splice(0)) say(found);
    if (cancelled) found.cancel();
    return found;
  });
  // Who reads the stream gets the error there.
  opened.catch(() => {});
  const say = (what: (stream: BidiStream<W, R>) => void) => {
    if (stream === undefined) waiting.push(what);
    else what(stream);
  };
  return {
    write(message) {
      if (stream !== undefined) return stream.write(message);
      waiting.push((found) => void found.write(message));
      return true;
    },
    async drained() {
      await (await opened).drained();
    },
    end: () => say((found) => found.end()),
    cancel() {
      cancelled = true;
      stream?.cancel();
    },
    async *[Symbol.asyncIterator]() {
      yield* await opened;
    },
  };
}
