import type { ReactNode } from "react";
import type { Meaning } from "../tasks/state-words.ts";

export interface Tile {
  readonly name: string;
  readonly value: ReactNode;
  /** Smaller, beneath. */
  readonly note?: ReactNode;
  /** Told by colour as well: what the value says already. */
  readonly meaning?: Meaning | undefined;
  readonly spark?: ReactNode;
}

/** The numbers of a page, before its charts and tables. */
export function Tiles({ tiles }: { readonly tiles: readonly Tile[] }) {
  return (
    <dl className="tiles">
      {tiles.map(({ name, value, note, meaning, spark }) => (
        <div key={name} className="tile">
          <dt>{name}</dt>
          <dd>
            <span className={`tile-value ${meaning === undefined ? "" : `state ${meaning}`}`}>{value}</span>
            {note !== undefined && <span className="tile-note">{note}</span>}
            {spark}
          </dd>
        </div>
      ))}
    </dl>
  );
}
