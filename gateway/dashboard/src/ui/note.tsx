import type { ReactNode } from "react";
import { Glyph, type GlyphName } from "./glyph.tsx";

const GLYPHS: Readonly<Record<string, GlyphName>> = {
  bad: "cross",
  attention: "triangle",
  good: "check",
  waiting: "circle",
  active: "alert",
};

/** A sentence that must not be missed. Bad news is read aloud at once. */
export function Note({
  meaning,
  children,
}: {
  readonly meaning: "bad" | "attention" | "good" | "waiting" | "active";
  readonly children: ReactNode;
}) {
  return (
    <div className={`note ${meaning}`} role={meaning === "bad" ? "alert" : "status"}>
      <Glyph name={GLYPHS[meaning] ?? "alert"} />
      <div>{children}</div>
    </div>
  );
}

/** What a list shows when it has nothing: which kind of nothing it is, and what to do. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** The shape of what is still being read: never the words of an empty list. */
export function Skeleton({ rows = 6 }: { readonly rows?: number }) {
  return (
    <div className="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className="skeleton-row" />
      ))}
    </div>
  );
}
