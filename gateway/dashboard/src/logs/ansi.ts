/** How a stretch of output is to look. Colours are 0–15, 16–255 of the usual table, or 24 bits. */
export interface Look {
  readonly fg?: Colour;
  readonly bg?: Colour;
  readonly bold?: true;
  readonly dim?: true;
  readonly italic?: true;
  readonly underline?: true;
  readonly strike?: true;
  readonly inverse?: true;
  /** Address of a link (OSC 8); http and https only. */
  readonly link?: string;
}

export type Colour = { readonly index: number } | { readonly rgb: readonly [number, number, number] };

export interface Piece {
  readonly text: string;
  readonly look: Look;
}

export const PLAIN: Look = {};

/** Escape sequences: colours and links are read, all others (cursor, titles, erasing) are left out. */
const ESCAPE =
  /\u001b(?:\[([0-9;:?<=>]*)[ -/]*([@-~])|\](?:8;[^;\u0007\u001b]*;([^\u0007\u001b]*)|[^\u0007\u001b]*)(?:\u0007|\u001b\\|$)|[PX^_][^\u001b]*(?:\u001b\\|$)|[ -/]*[0-OQ-WYZ\\`-~]|)/g;

/** A line in pieces of one look each. @param start look at its begin: colours go on over the ends of lines. */
export function readAnsi(line: string, start: Look): { readonly pieces: readonly Piece[]; readonly end: Look } {
  if (!line.includes("\u001b")) return { pieces: line === "" ? [] : [{ text: line, look: start }], end: start };
  const pieces: Piece[] = [];
  let look = start;
  let at = 0;
  for (const match of line.matchAll(ESCAPE)) {
    if (match.index > at) pieces.push({ text: line.slice(at, match.index), look });
    at = match.index + match[0].length;
    if (match[2] === "m") look = applySgr(look, match[1] ?? "");
    else if (match[3] !== undefined) look = withLink(look, match[3]);
  }
  if (at < line.length) pieces.push({ text: line.slice(at), look });
  return { pieces, end: look };
}

/** The text alone. */
export function stripAnsi(line: string): string {
  return line.includes("\u001b") ? line.replace(ESCAPE, "") : line;
}

function withLink(look: Look, address: string): Look {
  const { link: _, ...rest } = look;
  return /^https?:\/\//i.test(address) ? { ...rest, link: address } : rest;
}

const FLAGS: Readonly<Record<number, Partial<Look>>> = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  9: { strike: true },
};
const ENDS: Readonly<Record<number, readonly (keyof Look)[]>> = {
  22: ["bold", "dim"],
  23: ["italic"],
  24: ["underline"],
  27: ["inverse"],
  29: ["strike"],
  39: ["fg"],
  49: ["bg"],
};

function applySgr(before: Look, parameters: string): Look {
  const codes = parameters.split(/[;:]/).map((code) => (code === "" ? 0 : Number(code)));
  let look: Look = before;
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] as number;
    if (code === 0) look = look.link === undefined ? PLAIN : { link: look.link };
    else if (FLAGS[code] !== undefined) look = { ...look, ...FLAGS[code] };
    else if (ENDS[code] !== undefined) look = without(look, ENDS[code]);
    else if (code === 38 || code === 48) {
      const [colour, used] = readColour(codes, at + 1);
      at += used;
      if (colour !== undefined) look = { ...look, [code === 38 ? "fg" : "bg"]: colour };
    } else {
      const colour = simpleColour(code);
      if (colour !== undefined) look = { ...look, ...colour };
    }
  }
  return look;
}

function simpleColour(code: number): Partial<Look> | undefined {
  if (code >= 30 && code <= 37) return { fg: { index: code - 30 } };
  if (code >= 40 && code <= 47) return { bg: { index: code - 40 } };
  if (code >= 90 && code <= 97) return { fg: { index: code - 82 } };
  if (code >= 100 && code <= 107) return { bg: { index: code - 92 } };
  return undefined;
}

/** `5;N` or `2;R;G;B`, and how many codes that took. */
function readColour(codes: readonly number[], at: number): [Colour | undefined, number] {
  const byte = (value: number | undefined): value is number => value !== undefined && value >= 0 && value <= 255;
  if (codes[at] === 5) {
    const index = codes[at + 1];
    return [byte(index) ? { index } : undefined, 2];
  }
  if (codes[at] !== 2) return [undefined, 0];
  const [red, green, blue] = codes.slice(at + 1, at + 4);
  return [byte(red) && byte(green) && byte(blue) ? { rgb: [red, green, blue] } : undefined, 4];
}

function without(look: Look, keys: readonly (keyof Look)[]): Look {
  return Object.fromEntries(Object.entries(look).filter(([key]) => !keys.includes(key as keyof Look))) as Look;
}
