import type { QueueJson } from "../../../../proto/gen/tss/v1/operator_service_pb.js";
import { Glyph } from "../ui/glyph.tsx";
import { queueLook } from "./queue-look.ts";

export function QueueBadge({ queue }: { readonly queue: Pick<QueueJson, "paused" | "stats"> }) {
  const { word, meaning, glyph } = queueLook(queue);
  return (
    <span className={`state ${meaning}`}>
      <Glyph name={glyph} />
      {word}
    </span>
  );
}
