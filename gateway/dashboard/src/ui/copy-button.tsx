import { useEffect, useState } from "react";
import { Button, IconButton } from "./button.tsx";
import { copyText } from "./copy-text.ts";

/** Copies and says so for a moment. @param label without it the button is a sign only. */
export function CopyButton({
  text,
  name,
  label,
}: {
  readonly text: () => string;
  readonly name: string;
  readonly label?: string;
}) {
  const [told, setTold] = useState<"copied" | "failed" | null>(null);
  useEffect(() => {
    if (told === null) return;
    const timer = setTimeout(() => setTold(null), 1_500);
    return () => clearTimeout(timer);
  }, [told]);
  const copy = async () => setTold((await copyText(text())) ? "copied" : "failed");
  const glyph = told === "copied" ? "check" : told === "failed" ? "cross" : "copy";
  const say = told === "copied" ? "Copied" : told === "failed" ? "This browser does not allow copying" : undefined;
  return label === undefined ? (
    <IconButton glyph={glyph} label={say ?? `Copy ${name}`} onClick={() => void copy()} />
  ) : (
    <Button glyph={glyph} onClick={() => void copy()}>
      {say ?? label}
    </Button>
  );
}
