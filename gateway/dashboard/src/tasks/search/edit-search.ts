import { findField } from "../../../../../proto/search/fields.ts";
import { quote, type Token, tokenize } from "../../../../../proto/search/tokenize.ts";

/** Values of a field as the text has them now. */
export function valuesOf(text: string, name: string): string[] {
  const wanted = tokensOf(text, name).filter(({ negated }) => !negated);
  return wanted.flatMap(({ value }) => value.split(",").filter((word) => word !== ""));
}

/** The text with a field given these values, at the place where it was; none: without it. What it left out goes. */
export function withField(text: string, name: string, values: readonly string[]): string {
  const old = tokensOf(text, name);
  const term = values.length === 0 ? "" : `${name}:${quote(values.join(","))}`;
  const place = old[0]?.start ?? text.length;
  let out = text;
  for (const token of [...old].reverse()) out = out.slice(0, token.start) + out.slice(token.end);
  const whole = `${out.slice(0, place).trimEnd()} ${term} ${out.slice(place).trimStart()}`;
  return whole.trim().replace(/ {2,}(?=(?:[^"]*"[^"]*")*[^"]*$)/g, " ");
}

function tokensOf(text: string, name: string): Token[] {
  return tokenize(text).filter(({ key }) => findField(key)?.name === name);
}
