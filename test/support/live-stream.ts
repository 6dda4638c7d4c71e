import { expect } from "@jest/globals";

/** An event of the dashboard's stream. */
export interface LiveEvent {
  readonly event: string;
  readonly data: Record<string, unknown> & {
    readonly rows?: Record<string, { status: string }>;
    readonly order?: string[];
  };
}

/** The stream as the dashboard's page reads it. */
export async function* liveStream(
  gateway: string,
  key: string,
  body: object,
  path = "/live/stream",
): AsyncGenerator<LiveEvent> {
  const answer = await fetch(gateway + path, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
  });
  expect(answer.status).toBe(200);
  let text = "";
  for await (const chunk of answer.body as ReadableStream<Uint8Array>) {
    text += Buffer.from(chunk).toString();
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const [, event, data] = /^event: (.+)\ndata: (.+)$/.exec(text.slice(0, end)) ?? [];
      text = text.slice(end + 2);
      if (event !== undefined) yield { event, data: JSON.parse(data ?? "{}") };
    }
  }
}

/** The next event that fits. @throws Error when the stream ends before. */
export async function untilEvent(
  events: AsyncGenerator<LiveEvent>,
  fits: (event: LiveEvent) => boolean,
): Promise<LiveEvent> {
  for (;;) {
    const { value, done } = await events.next();
    if (done) throw new Error("the stream ended");
    if (fits(value)) return value;
  }
}
