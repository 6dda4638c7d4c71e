const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;
const COMBINING = /[\p{M}\u200d]/u;

/** Columns a text takes on a terminal; it holds no control characters. */
export function columns(text: string): number {
  let width = 0;
  for (const character of text) width += characterColumns(character);
  return width;
}

/** The text cut to at most `width` columns, the cut shown by an ellipsis. */
export function cut(text: string, width: number): string {
  if (columns(text) <= width) return text;
  let result = "";
  let used = 0;
  for (const character of text) {
    used += characterColumns(character);
    if (used > width - 1) break;
    result += character;
  }
  return width > 0 ? `${result}…` : "";
}

export function pad(text: string, width: number, right = false): string {
  const space = " ".repeat(Math.max(0, width - columns(text)));
  return right ? space + text : text + space;
}

function characterColumns(character: string): number {
  if (COMBINING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
