import type { WriteStream } from "node:tty";

/** Puts a style around text, or leaves it alone where styles are not wanted. */
export interface Painter {
  readonly enabled: boolean;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

/** Styles for a stream: on a terminal only, and not when NO_COLOR is set to anything (no-color.org) or TERM is "dumb". */
export function painterFor(stream: Pick<WriteStream, "isTTY">, environment = process.env): Painter {
  return createPainter(Boolean(stream.isTTY) && !environment["NO_COLOR"] && environment["TERM"] !== "dumb");
}

export function createPainter(enabled: boolean): Painter {
  const style = (on: number, off: number) => (text: string) =>
    enabled && text !== "" ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    enabled,
    bold: style(1, 22),
    dim: style(2, 22),
    red: style(31, 39),
    green: style(32, 39),
    yellow: style(33, 39),
    cyan: style(36, 39),
  };
}
