/** A number of the contract's JSON: 64-bit ones come as text, absent ones are 0. */
export function readNumber(value: number | string | undefined): number {
  const number = Number(value ?? 0);
  return Number.isFinite(number) ? number : 0;
}

/** A share of 0–1 as `0.8 %`, `12 %`; absent: a dash, as there was too little to tell. */
export function formatShare(share: number | string | undefined): string {
  if (share === undefined) return "–";
  const percent = readNumber(share) * 100;
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}
