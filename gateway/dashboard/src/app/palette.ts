import type { GlyphName } from "../ui/glyph.tsx";

/** Somewhere to go, or something to do, from anywhere. */
export interface Command {
  readonly label: string;
  /** What it is: "page", "queue", "worker" … */
  readonly kind: string;
  readonly glyph: GlyphName;
  readonly run: () => void;
}

/** Shown at most. */
const MOST = 13;

/**
 * What the words written so far could mean: all of them must be in the label or the kind. Those that begin with the first word
 * come first, otherwise the order is kept.
 * @param text empty: everything that is always there.
 */
export function matching(commands: readonly Command[], text: string): readonly Command[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = commands.filter(({ label, kind }) => {
    const whole = `${label} ${kind}`.toLowerCase();
    return words.every((word) => whole.includes(word));
  });
  const [first = ""] = words;
  const begins = ({ label }: Command) => label.toLowerCase().startsWith(first);
  return [...fits.filter(begins), ...fits.filter((command) => !begins(command))].slice(0, MOST);
}
