import { columns, cut, pad } from "./width.ts";

/** One column of a table. `value` gives plain text; `paint` styles it after it was measured and cut. */
export interface Column<T> {
  readonly title: string;
  value(row: T): string;
  paint?(text: string, row: T): string;
  /** May be cut when the table is wider than the terminal, down to this many columns. */
  readonly shrinkTo?: number;
  readonly right?: boolean;
}

const GAP = "  ";

/**
 * Lines of a table that fits `width` columns: the widest column that may shrink is cut first. Without a width (no
 * terminal) nothing is cut.
 */
export function tableLines<T>(rows: readonly T[], shape: readonly Column<T>[], width: number | undefined): string[] {
  const cells = rows.map((row) => shape.map((column) => column.value(row)));
  const widths = shape.map((column, at) =>
    Math.max(columns(column.title), ...cells.map((line) => columns(line[at] ?? ""))),
  );
  if (width !== undefined) shrink(widths, shape, width);
  const line = (texts: readonly string[], row?: T) =>
    texts
      .map((text, at) => {
        const column = shape[at];
        const wide = widths[at] ?? 0;
        const shown = cut(text, wide);
        const painted = row === undefined ? shown : (column?.paint?.(shown, row) ?? shown);
        const space = " ".repeat(Math.max(0, wide - columns(shown)));
        if (column?.right) return space + painted;
        return at === shape.length - 1 ? painted : painted + space;
      })
      .join(GAP);
  return [line(shape.map((column) => column.title)), ...rows.map((row, at) => line(cells[at] ?? [], row))];
}

function shrink<T>(widths: number[], shape: readonly Column<T>[], width: number): void {
  const total = () => widths.reduce((sum, wide) => sum + wide, 0) + GAP.length * (widths.length - 1);
  while (total() > width) {
    let widest = -1;
    for (const [at, wide] of widths.entries()) {
      const floor = shape[at]?.shrinkTo;
      if (floor !== undefined && wide > floor && (widest === -1 || wide > (widths[widest] ?? 0))) widest = at;
    }
    if (widest === -1) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

/** Lines of `name   value` pairs; pairs without a value are left out. */
export function pairLines(
  pairs: readonly (readonly [string, string | undefined])[],
  paintName = (text: string) => text,
) {
  const shown = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined && pair[1] !== "");
  const width = Math.max(0, ...shown.map(([name]) => columns(name)));
  return shown.map(([name, value]) => `${paintName(pad(name, width))}  ${value}`);
}
