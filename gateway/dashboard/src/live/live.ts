import type { OutputFrame, ProblemFrame } from "../../../live/frames.ts";
import { createStore } from "../ui/store.ts";
import { openChannel } from "./open-channel.ts";
import type { FromWorker, LiveStatus, TopicState } from "./protocol.ts";

export interface TopicListener {
  state?(state: TopicState): void;
  output?(frame: OutputFrame): void;
  problem?(frame: ProblemFrame): void;
}

/** Between two pages nothing is listened to for a moment, ms. */
const QUIET_MS = 500;
/** A hidden page goes on listening this long, ms: most come back at once. */
const HIDDEN_MS = 30_000;

export const liveStatus = createStore<LiveStatus>("connecting");
/** When something was last heard, by this computer's clock. */
export const lastHeard = createStore(0);
/** False: nothing of the page comes over the stream. */
export const listening = createStore(true);
/** Live updates are held on purpose. */
export const paused = createStore(false);

const listeners = new Map<string, Set<TopicListener>>();
const states = new Map<string, TopicState>();
const from = new Map<string, number>();
const signedOut = new Set<() => void>();
let hidden = false;
let quieting: ReturnType<typeof setTimeout> | undefined;

const channel = openChannel(hear);

/** Hears of a topic, first of what it is now if that is known. @returns ends it. */
export function listen(topic: string, listener: TopicListener, offset = 0): () => void {
  const all = listeners.get(topic) ?? new Set();
  listeners.set(topic, all);
  all.add(listener);
  if (topic.startsWith("output ")) from.set(topic, offset);
  const state = states.get(topic);
  if (state !== undefined) listener.state?.(state);
  want();
  return () => {
    all.delete(listener);
    if (all.size > 0 || listeners.get(topic) !== all) return;
    listeners.delete(topic);
    states.delete(topic);
    from.delete(topic);
    want();
  };
}

/** Called when the server refuses our key on the stream. */
export function onStreamRefused(listener: () => void): void {
  signedOut.add(listener);
}

/** After a sign-in: the stream begins anew with the new session. */
export function restartLive(): void {
  channel.send({ kind: "restart" });
}

function want(): void {
  clearTimeout(quieting);
  if (listeners.size > 0) listening.set(true);
  else quieting = setTimeout(() => listening.set(false), QUIET_MS);
  const topics = hidden || paused.get() ? [] : [...listeners.keys()];
  channel.send({ kind: "topics", topics, from: Object.fromEntries(from) });
}

function hear(message: FromWorker): void {
  if (message.kind === "status") liveStatus.set(message.status);
  else if (message.kind === "signedOut") for (const tell of signedOut) tell();
  else if (message.kind === "state") {
    states.set(message.topic, message.state);
    for (const listener of listeners.get(message.topic) ?? []) listener.state?.(message.state);
  } else {
    const { frame } = message;
    for (const listener of listeners.get(frame.topic) ?? [])
      if (message.kind === "output") listener.output?.(message.frame);
      else listener.problem?.(message.frame);
  }
  lastHeard.set(Date.now());
}

want();
paused.subscribe(want);
let hiding: ReturnType<typeof setTimeout> | undefined;
document.addEventListener("visibilitychange", () => {
  clearTimeout(hiding);
  if (document.hidden)
    hiding = setTimeout(() => {
      hidden = true;
      want();
    }, HIDDEN_MS);
  else if (hidden) {
    hidden = false;
    want();
  }
});
addEventListener("pagehide", () => channel.send({ kind: "bye" }));
window.addEventListener("pageshow", (event) => {
  if (event.persisted) want();
});
setInterval(() => channel.send({ kind: "here" }), 30_000);
