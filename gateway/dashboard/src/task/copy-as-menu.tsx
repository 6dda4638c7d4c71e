import { useEffect, useState } from "react";
import type { TaskJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { BASE } from "../api/fetch-json.ts";
import { asPython } from "../copy/as-python.ts";
import { asCommandLine, asCurl, asTypeScript } from "../copy/copy-as.ts";
import { copyText } from "../ui/copy-text.ts";
import { Glyph } from "../ui/glyph.tsx";
import { Menu } from "../ui/menu.tsx";

const TOLD_MS = 2_000;

/** The task as a call to take along. */
export function CopyAsMenu({ task }: { readonly task: TaskJson }) {
  const [told, setTold] = useState<{ readonly text: string } | null>(null);
  // Each copy is told for its own time, whatever is left of that of the one before.
  useEffect(() => {
    if (told === null) return;
    const timer = setTimeout(() => setTold(null), TOLD_MS);
    return () => clearTimeout(timer);
  }, [told]);
  const spec = task.spec;
  if (spec === undefined) return null;
  const copy = (name: string, text: string) => async () => {
    setTold({ text: (await copyText(text)) ? `Copied as ${name}` : "This browser does not allow copying" });
  };
  return (
    <>
      <Menu
        label="Copy as a call"
        items={[
          { label: "Command line", glyph: "copy", run: () => void copy("a command line", asCommandLine(spec))() },
          { label: "curl", glyph: "copy", run: () => void copy("curl", asCurl(spec, BASE))() },
          { label: "TypeScript", glyph: "copy", run: () => void copy("TypeScript", asTypeScript(spec))() },
          { label: "Python", glyph: "copy", run: () => void copy("Python", asPython(spec))() },
          { label: "Link to this page", glyph: "link", run: () => void copy("a link", location.href)() },
        ]}
      >
        <Glyph name="copy" />
        Copy as
        <Glyph name="down" />
      </Menu>
      <span role="status" className="dim">
        {told?.text}
      </span>
    </>
  );
}
