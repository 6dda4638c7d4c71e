import { listening, liveStatus, paused } from "../live/live.ts";
import type { LiveStatus } from "../live/protocol.ts";
import type { Meaning } from "../tasks/state-words.ts";
import { Glyph, type GlyphName } from "../ui/glyph.tsx";
import { useStore } from "../ui/store.ts";

const LOOKS: Readonly<
  Record<LiveStatus | "paused" | "still", { word: string; meaning: Meaning; glyph: GlyphName; hint: string }>
> = {
  live: { word: "live", meaning: "good", glyph: "check", hint: "Changes are shown as they happen." },
  connecting: { word: "connecting", meaning: "waiting", glyph: "circle", hint: "The live stream is being opened." },
  polling: {
    word: "every 5 s",
    meaning: "attention",
    glyph: "clock",
    hint: "No stream comes through; this page asks every 5 seconds.",
  },
  offline: {
    word: "offline",
    meaning: "bad",
    glyph: "cross",
    hint: "The gateway does not answer; what is shown is what was last heard.",
  },
  still: {
    word: "not live",
    meaning: "waiting",
    glyph: "minus",
    hint: "Nothing of this page comes over the live stream.",
  },
  paused: { word: "paused", meaning: "attention", glyph: "pause", hint: "You have paused live changes." },
};

/** How fresh the page is; pressed, it holds the page still. */
export function LiveDot() {
  const status = useStore(liveStatus);
  const held = useStore(paused);
  const streams = useStore(listening);
  const { word, meaning, glyph, hint } = LOOKS[held ? "paused" : streams ? status : "still"];
  return (
    <>
      <button
        type="button"
        className="button quiet live-dot"
        aria-pressed={held}
        aria-label={`Updates: ${word}`}
        title={`${hint} ${held ? "Press to go on." : "Press to pause."}`}
        onClick={() => paused.set(!held)}
      >
        <span className={`state ${meaning}`}>
          <Glyph name={glyph} />
          {word}
        </span>
      </button>
      <span role="status" className="off-screen">
        {`Updates are ${word}`}
      </span>
    </>
  );
}
