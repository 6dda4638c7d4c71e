import { formatCount } from "./format-count.ts";

/** How much of something is used: `3 of 8`, with a bar. Full is no error, so it has no colour of one. */
export function Usage({ used, of, name }: { readonly used: number; readonly of: number; readonly name: string }) {
  return (
    <span className="usage">
      <span className="tabular">
        {formatCount(used)}
        <span className="dim"> of {formatCount(of)}</span>
      </span>
      <progress value={used} max={Math.max(of, used, 1)} aria-label={`${name}: ${used} of ${of} used`} />
    </span>
  );
}
