import type { Hub } from "./hub.ts";
import type { Listener } from "./source.ts";
import { nothingSent, stateFrame } from "./state-frame.ts";

/** Longest wait for topics that nobody else listens to, ms. */
const PATIENCE_MS = 3_000;

/** What the topics are now, as the events a stream would begin with: for browsers whose way here lets no stream through. */
export async function pollOnce(hub: Hub, topics: readonly string[], headers: Record<string, string>): Promise<string> {
  const answers = await Promise.all(topics.map((topic) => first(hub, topic, headers)));
  return answers.join("");
}

async function first(hub: Hub, topic: string, headers: Record<string, string>): Promise<string> {
  const problem = (code: string, detail: string, final: boolean) =>
    `event: problem\ndata: ${JSON.stringify({ topic, code, detail, final })}\n\n`;
  return new Promise((resolve) => {
    let leave = () => {};
    let read = () => "";
    const answer = (text: string) => {
      clearTimeout(impatience);
      leave();
      resolve(text);
    };
    const impatience = setTimeout(() => answer(""), PATIENCE_MS);
    const listener: Listener = {
      // The subscription is there a turn after its topic has spoken for the first time.
      changed: () => queueMicrotask(() => answer(read())),
      output: () => {},
      problem: ({ code, detail, final }) => queueMicrotask(() => answer(problem(code, detail, final))),
    };
    try {
      const subscription = hub.join(topic, listener, headers, 0);
      leave = subscription.leave;
      read = () => {
        const state = subscription.state();
        return state === undefined ? "" : stateFrame(topic, state, nothingSent());
      };
    } catch (error) {
      answer(problem("INVALID_ARGUMENT", (error as Error).message, true));
    }
  });
}
