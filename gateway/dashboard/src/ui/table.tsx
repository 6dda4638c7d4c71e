import type { ReactNode } from "react";

export interface Column {
  readonly name: string;
  /** Numbers stand at the right; `wide`: left out on a telephone, `very` also on a tablet. */
  readonly number?: boolean;
  readonly wide?: boolean | "very";
}

export interface Row {
  readonly key: string;
  readonly cells: readonly ReactNode[];
}

/** A table of a few hundred rows at most. The link of a row, if it has one, covers the whole of it. */
export function Table(props: {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  readonly hold?: object;
}) {
  const look = ({ number, wide }: Column) =>
    `${number ? "cell-number" : ""} ${wide ? "wide-cell" : ""} ${wide === "very" ? "very-wide-cell" : ""}`.trim();
  return (
    <table className="table" aria-label={props.name} {...props.hold}>
      <thead>
        <tr>
          {props.columns.map((column) => (
            <th key={column.name} scope="col" className={look(column)}>
              {column.name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {props.rows.map(({ key, cells }) => (
          <tr key={key}>
            {props.columns.map((column, index) => (
              <td key={column.name} className={look(column)}>
                {cells[index]}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
