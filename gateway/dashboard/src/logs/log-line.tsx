import { type CSSProperties, memo, type ReactNode } from "react";
import { displayText } from "../ui/display-text.ts";
import { type Colour, type Look, readAnsi } from "./ansi.ts";
import type { LogLine } from "./log-store.ts";
import { type Rgb, readableOn, tableColour } from "./readable-colour.ts";

export interface LineProps {
  readonly line: LogLine;
  /** Highlighted stretches of the bare text. */
  readonly find: string;
  /** Colour of the ground, for colours that would not be readable on it. */
  readonly ground: Rgb;
}

/** The text of a line with its colours and what is looked for. */
export const LineText = memo(function LineText({ line, find, ground }: LineProps) {
  const { pieces } = readAnsi(line.text, line.look);
  return (
    <span className={`log-text from-${line.stream}`}>
      {pieces.map(({ text, look }, index) => (
        <Styled key={index} look={look} ground={ground}>
          {mark(displayText(text, Number.POSITIVE_INFINITY), find)}
        </Styled>
      ))}
      {"\n"}
    </span>
  );
});

function Styled({
  look,
  ground,
  children,
}: {
  readonly look: Look;
  readonly ground: Rgb;
  readonly children: ReactNode;
}) {
  const { className, style } = styleOf(look, ground);
  if (look.link !== undefined)
    return (
      <a
        href={look.link}
        target="_blank"
        rel="noopener noreferrer"
        title={look.link}
        className={className}
        style={style}
      >
        {children}
      </a>
    );
  return className === "" && style === undefined ? (
    children
  ) : (
    <span className={className} style={style}>
      {children}
    </span>
  );
}

function styleOf(look: Look, ground: Rgb): { className: string; style: CSSProperties | undefined } {
  const [fg, bg] = look.inverse ? [look.bg ?? { index: -2 }, look.fg ?? { index: -1 }] : [look.fg, look.bg];
  const words: string[] = (["bold", "dim", "italic", "underline", "strike"] as const).filter((flag) => look[flag]);
  const style: CSSProperties = {};
  const under = bg === undefined ? ground : (rgbOf(bg) ?? ground);
  if (bg !== undefined) {
    if (rgbOf(bg) === undefined) words.push(`ansi-bg-${(bg as { index: number }).index}`);
    else style.backgroundColor = css(under);
  }
  if (fg !== undefined) {
    const rgb = rgbOf(fg);
    if (rgb === undefined) words.push(`ansi-fg-${(fg as { index: number }).index}`);
    else style.color = css(readableOn(rgb, under));
  }
  return { className: words.join(" "), style: Object.keys(style).length === 0 ? undefined : style };
}

/** undefined: one of the sixteen whose look the palette decides. */
function rgbOf(colour: Colour): Rgb | undefined {
  if ("rgb" in colour) return colour.rgb;
  return colour.index < 16 ? undefined : tableColour(colour.index);
}

const css = ([red, green, blue]: Rgb): string => `rgb(${red} ${green} ${blue})`;

function mark(text: string, find: string): ReactNode {
  if (find === "") return text;
  const parts: ReactNode[] = [];
  const low = text.toLowerCase();
  let at = 0;
  for (let found = low.indexOf(find); found >= 0; found = low.indexOf(find, at)) {
    parts.push(text.slice(at, found), <mark key={found}>{text.slice(found, found + find.length)}</mark>);
    at = found + find.length;
  }
  return parts.length === 0 ? text : [...parts, text.slice(at)];
}
