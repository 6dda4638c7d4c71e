import type { WorkerJson } from "../../../../proto/gen/tss/v1/operator_service_pb.js";
import type { StateLook } from "../tasks/state-words.ts";
import { Glyph } from "../ui/glyph.tsx";

const LOOKS: Readonly<Record<string, StateLook>> = {
  WORKER_STATE_ACTIVE: { word: "live", meaning: "good", glyph: "check" },
  WORKER_STATE_DRAINING: { word: "draining", meaning: "attention", glyph: "stop" },
  WORKER_STATE_DISCONNECTED: { word: "silent", meaning: "bad", glyph: "triangle" },
};

/** Whether a worker can be given work, as a sign and a word. */
export function WorkerBadge({ state }: { readonly state: WorkerJson["state"] }) {
  const { word, meaning, glyph } = LOOKS[state ?? ""] ?? { word: "unknown", meaning: "waiting", glyph: "circle" };
  return (
    <span className={`state ${meaning}`}>
      <Glyph name={glyph} />
      {word}
    </span>
  );
}
