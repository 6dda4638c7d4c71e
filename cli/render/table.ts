import { columns, cut, pad } from "./width.ts";

/** One column of a table. `value` gives plain text; `paint` styles it after it was measured and cut. */
export interface Column<T> {
  readonly title: string;
  value(row: T): string;
  paint?(text: string, row: T): string;
  /** May be cut when the table is wider than the terminal, down to this many columns. */
  readonly shrinkTo?: number;
  readonly right?: boolean;
  /** May be left out on a terminal too narrow for all columns: the highest first. */
  readonly drop?: number;
}

const GAP = "  ";

/**
 * Lines of a table that fits `width` columns: the widest column that may shrink is cut first, and what may be left out is
 * left out when that is not enough. Without a width (no terminal) nothing is cut.
 */
export function tableLines<T>(rows: readonly T[], all: readonly Column<T>[], width: number | undefined): string[] {
  const shape = width === undefined ? all : fitting(rows, all, width);
  const cells = rows.map((row) => shape.map((column) => column.value(row)));
  const widths = shape.map((column) => widthOf(column, rows));
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

function widthOf<T>(column: Column<T>, rows: readonly T[]): number {
  return rows.reduce((widest, row) => Math.max(widest, columns(column.value(row))), columns(column.title));
}

/** The columns there is room for when each is as narrow as it may be. */
function fitting<T>(rows: readonly T[], all: readonly Column<T>[], width: number): readonly Column<T>[] {
  const least = (column: Column<T>) => Math.min(widthOf(column, rows), column.shrinkTo ?? Number.POSITIVE_INFINITY);
  let shape = all;
  for (;;) {
    const wide = shape.reduce((sum, column) => sum + least(column), GAP.length * (shape.length - 1));
    const next = Math.max(...shape.map(({ drop = 0 }) => drop));
    if (wide <= width || next === 0) return shape;
    shape = shape.filter(({ drop = 0 }) => drop !== next);
  }
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
