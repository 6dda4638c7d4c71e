import { Glyph } from "./glyph.tsx";

/** Narrows a list that is on the page already. */
export function FilterField(props: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  return (
    <search className="filter-field">
      <Glyph name="search" />
      <input
        type="text"
        aria-label={props.label}
        placeholder={props.label}
        data-shortcut="search"
        autoComplete="off"
        spellCheck={false}
        value={props.value}
        onChange={(event) => props.onChange(event.target.value)}
      />
    </search>
  );
}
