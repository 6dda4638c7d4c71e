import type { ButtonHTMLAttributes } from "react";
import { Glyph, type GlyphName } from "./glyph.tsx";

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly glyph?: GlyphName;
  readonly look?: "plain" | "primary" | "danger" | "quiet";
  /** A call is under way: it cannot be pressed twice. */
  readonly busy?: boolean;
}

export function Button({
  glyph,
  look = "plain",
  busy = false,
  className = "",
  children,
  disabled,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={`button ${look} ${className}`}
      disabled={busy || disabled}
      aria-busy={busy || undefined}
    >
      {glyph !== undefined && <Glyph name={glyph} />}
      {children}
    </button>
  );
}

/** A button that is a sign only; its name is read aloud and shown when pointed at. */
export function IconButton({
  label,
  glyph,
  ...rest
}: ButtonProps & { readonly label: string; readonly glyph: GlyphName }) {
  return (
    <Button
      {...rest}
      look="quiet"
      glyph={glyph}
      aria-label={label}
      title={label}
      className={`icon-only ${rest.className ?? ""}`}
    />
  );
}
