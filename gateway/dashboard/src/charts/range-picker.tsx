import { RANGES, type RangeId } from "./ranges.ts";

export function RangePicker(props: { readonly range: RangeId; readonly onChange: (range: RangeId) => void }) {
  return (
    <fieldset className="ranges">
      <legend className="off-screen">The last</legend>
      {RANGES.map(({ id, label }) => (
        <button key={id} type="button" aria-pressed={id === props.range} onClick={() => props.onChange(id)}>
          {label}
        </button>
      ))}
    </fieldset>
  );
}
