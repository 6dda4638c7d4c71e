import { useId } from "react";

/** A labelled field with its hint and what is wrong with it. @param rows more than a line. */
export function Field(props: {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly hint?: string;
  readonly problem?: string | undefined;
  readonly rows?: number;
  readonly mono?: boolean;
  readonly options?: readonly string[];
  readonly onChange: (value: string) => void;
}) {
  const { label, value, hint, problem, rows, mono, options, name } = props;
  const id = useId();
  const told = [hint === undefined ? "" : `${id}-hint`, problem === undefined ? "" : `${id}-problem`].join(" ").trim();
  const common = {
    id,
    name,
    value,
    className: mono ? "mono" : undefined,
    spellCheck: false,
    autoComplete: "off",
    "aria-invalid": problem !== undefined || undefined,
    "aria-describedby": told === "" ? undefined : told,
    onChange: (event: { target: { value: string } }) => props.onChange(event.target.value),
  };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {rows === undefined ? (
        <input type="text" list={options && `${id}-options`} {...common} />
      ) : (
        <textarea rows={rows} {...common} />
      )}
      {options !== undefined && (
        <datalist id={`${id}-options`}>
          {options.map((option) => (
            <option key={option} value={option} />
          ))}
        </datalist>
      )}
      {problem !== undefined ? (
        <p id={`${id}-problem`} className="field-problem" role="alert">
          {problem}
        </p>
      ) : (
        hint !== undefined && (
          <p id={`${id}-hint`} className="hint">
            {hint}
          </p>
        )
      )}
    </div>
  );
}
