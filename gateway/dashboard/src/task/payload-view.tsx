import { useMemo } from "react";
import type { PayloadJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { CopyButton } from "../ui/copy-button.tsx";
import { displayText } from "../ui/display-text.ts";
import { formatBytes } from "../ui/format-count.ts";
import { hexDump, readPayload } from "./read-payload.ts";

export function PayloadView({ title, payload }: { readonly title: string; readonly payload: PayloadJson }) {
  const { text, bytes, about } = useMemo(() => readPayload(payload), [payload]);
  const shown = text ?? hexDump(bytes);
  return (
    <section>
      <h2>{title}</h2>
      <p className="dim">
        {about} · {formatBytes(bytes.length)}
      </p>
      <div className="code-block">
        <pre>{displayText(shown, 300_000)}</pre>
        <CopyButton name={title.toLowerCase()} text={() => shown} />
      </div>
    </section>
  );
}
