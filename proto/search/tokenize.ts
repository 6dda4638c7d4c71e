/** One word of a search: `queue:mail`, `-status:failed`, `"two words"`. Places are those in the text, for marks under it. */
export interface Token {
  readonly start: number;
  readonly end: number;
  readonly negated: boolean;
  /** Lower case; empty: a bare word. */
  readonly key: string;
  /** Of `args.user.id:42`, what stands behind `args.`, as it is written. */
  readonly path: string;
  /** Without its quotes. */
  readonly value: string;
  /** A quote that was not closed. */
  readonly open: boolean;
}

const KEY = /^(?:(args)\.([^\s:"=]+)|([A-Za-z][A-Za-z_.-]*)):/i;

/** Words are parted by spaces; quotes hold spaces together, and a backslash holds a quote. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at] as string)) {
      at++;
      continue;
    }
    const token = readToken(text, at);
    tokens.push(token);
    at = token.end;
  }
  return tokens;
}

function readToken(text: string, start: number): Token {
  let at = start;
  const negated = text[at] === "-" && at + 1 < text.length && !/\s/.test(text[at + 1] as string);
  if (negated) at++;
  const [head = "", args, path = "", word = ""] = KEY.exec(text.slice(at)) ?? [];
  at += head.length;
  let value = "";
  let open = false;
  while (at < text.length && (open || !/\s/.test(text[at] as string))) {
    const character = text[at] as string;
    if (character === "\\" && open && at + 1 < text.length) {
      value += text[at + 1];
      at += 2;
      continue;
    }
    if (character === '"') open = !open;
    else value += character;
    at++;
  }
  return { start, end: at, negated, key: (args ?? word).toLowerCase(), path, value, open };
}

/** A value as it is written in a search. */
export function quote(value: string): string {
  return value === "" || /[\s"\\]/.test(value) ? `"${value.replace(/["\\]/g, "\\$&")}"` : value;
}
