import type { SeverityJson } from "../../../../proto/gen/tss/v1/stats_pb.js";
import type { StateLook } from "../tasks/state-words.ts";

const LOOKS: Readonly<Record<string, StateLook>> = {
  SEVERITY_CRITICAL: { word: "critical", meaning: "bad", glyph: "cross" },
  SEVERITY_WARNING: { word: "warning", meaning: "attention", glyph: "triangle" },
  SEVERITY_INFO: { word: "notice", meaning: "waiting", glyph: "alert" },
};

const WELL: StateLook = { word: "healthy", meaning: "good", glyph: "check" };

/** How bad something is, as a sign and a word; none: all is well. */
export function severityLook(severity: SeverityJson | undefined): StateLook {
  return LOOKS[severity ?? ""] ?? WELL;
}
