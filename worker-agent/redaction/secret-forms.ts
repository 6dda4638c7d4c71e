import { LIMITS } from "../../proto/limits.ts";

/** Of a value, of each of its lines and of each form. */
export const SHORTEST_MASKED = LIMITS.maskedCharacters;

/** Characters in a line of `base64` and of PEM. */
const WRAPPED_AT = [76, 64] as const;

/**
 * The forms in which a value is likely to be written: as it is, line by line, in base64 and base64url wherever it begins in
 * what is encoded (without the characters at either end that its neighbours decide, as GitHub's runner does it), in hex,
 * escaped for URLs, for JSON and for a shell. None is shorter than 6 characters; a value that is gives none.
 */
export function formsOf(value: string): readonly Uint8Array[] {
  if (value.length < SHORTEST_MASKED) return [];
  const forms = new Set<string>();
  const lines = value.split(/\r?\n/);
  for (const whole of new Set([value, value.trim(), ...lines])) {
    if (whole.length < SHORTEST_MASKED) continue;
    for (const form of [whole, ...urlForms(whole), ...jsonForms(whole), ...shellForms(whole)]) forms.add(form);
  }
  for (const bytes of encodedWholes(value))
    for (const form of [...base64Lines(bytes), ...base64Forms(bytes), ...hexForms(bytes)]) forms.add(form);
  return patternsOf(forms);
}

/** Those of the forms that programs break into lines, wherever that is: base64, base64url and hex. */
export function encodedFormsOf(value: string): readonly Uint8Array[] {
  if (value.length < SHORTEST_MASKED) return [];
  return patternsOf(new Set(encodedWholes(value).flatMap((bytes) => [...base64Forms(bytes), ...hexForms(bytes)])));
}

/** What encodes bytes takes the value as a whole, with or without the line feed that a file ends in. */
function encodedWholes(value: string): Buffer[] {
  return [...new Set([value, value.trim()])].map((whole) => Buffer.from(whole));
}

function patternsOf(forms: ReadonlySet<string>): Uint8Array[] {
  return [...forms].filter((form) => form.length >= SHORTEST_MASKED).map((form) => Buffer.from(form));
}

/** For who prints single lines of it. */
function base64Lines(bytes: Buffer): string[] {
  const full = bytes.toString("base64");
  const lines: string[] = [];
  for (const width of WRAPPED_AT)
    if (full.length > width) for (let at = 0; at < full.length; at += width) lines.push(full.slice(at, at + width));
  return lines.flatMap(bothAlphabets);
}

function base64Forms(bytes: Buffer): string[] {
  const full = bytes.toString("base64");
  const forms = [full, full.replace(/=+$/, "")];
  for (let before = 0; before < 3; before += 1) {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    const first = Math.ceil((before * 8) / 6);
    forms.push(encoded.slice(first, Math.floor(((before + bytes.length) * 8) / 6)));
  }
  return forms.flatMap(bothAlphabets);
}

function bothAlphabets(form: string): string[] {
  return [form, form.replaceAll("+", "-").replaceAll("/", "_")];
}

function hexForms(bytes: Buffer): string[] {
  const hex = bytes.toString("hex");
  return [hex, hex.toUpperCase()];
}

function urlForms(text: string): string[] {
  const wellFormed = text.toWellFormed();
  const component = encodeURIComponent(wellFormed);
  const strict = component.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  // Forms of HTML keep other characters as they are.
  const field = new URLSearchParams({ "": wellFormed }).toString().slice(1);
  const forms = [component, strict, encodeURI(wellFormed), field].flatMap((form) => [
    form,
    form.replaceAll("%2F", "/"),
  ]);
  const both = forms.flatMap((form) => [form, form.replaceAll("%20", "+")]);
  return both.flatMap((form) => [form, form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())]);
}

function jsonForms(text: string): string[] {
  const plain = JSON.stringify(text).slice(1, -1);
  const ascii = escaped(plain, /[\u007f-\uffff]/g);
  // Go and others keep JSON harmless inside HTML.
  const html = escaped(plain, /[<>&\u2028\u2029]/g);
  const forms = [plain, ascii, html, plain.replaceAll("/", "\\/")];
  return forms.flatMap((form) => [form, JSON.stringify(form).slice(1, -1)]);
}

function escaped(text: string, characters: RegExp): string {
  return text.replace(characters, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** As `set -x` and `export -p` print it. */
function shellForms(text: string): string[] {
  return [text.replaceAll("'", "'\\''"), text.replace(/["$`\\]/g, "\\$&")];
}
