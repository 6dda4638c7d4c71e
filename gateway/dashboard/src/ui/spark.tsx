const HEIGHT = 22;
const STEP = 4;

/** Bars at least: a series that has just begun stands at the right, where the newest always is. */
const LEAST = 24;

/** A series as small bars, beside its number. @param label what it shows, read aloud with its extremes. */
export function Spark({ values: known, label }: { readonly values: readonly number[]; readonly label: string }) {
  const values = [...Array<number>(Math.max(LEAST - known.length, 0)).fill(0), ...known];
  const most = Math.max(...values);
  const width = values.length * STEP;
  const told = known.length === 0 ? "nothing yet" : `${values.at(-1)} at the end, ${most} at most`;
  return (
    <svg
      className="spark"
      viewBox={`0 0 ${width} ${HEIGHT}`}
      width={width}
      height={HEIGHT}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${label}: ${told}`}
    >
      <path d={`M0 ${HEIGHT - 0.5}H${width}`} className="spark-ground" />
      {most > 0 && <path d={values.map((value, index) => bar(value / most, index)).join("")} className="spark-bars" />}
    </svg>
  );
}

function bar(share: number, index: number): string {
  if (share === 0) return "";
  const height = Math.max(share * (HEIGHT - 1), 1.5);
  return `M${index * STEP + 0.5} ${HEIGHT}v-${height.toFixed(1)}h${STEP - 1}v${height.toFixed(1)}z`;
}
