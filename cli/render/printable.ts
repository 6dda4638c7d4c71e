/**
 * Characters that steer a terminal or hide what a text says: controls (C0, DEL, C1), direction marks and overrides, line
 * and paragraph separators, invisible tags, halves of surrogate pairs.
 */
export const STEERING =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** The text with every steering character shown as an escape, so that names and messages cannot act on a terminal. */
export function printable(text: string): string {
  return text.replace(STEERING, (character) => SHORT[character] ?? escapeCharacter(character));
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\u{${code.toString(16)}}`;
}
