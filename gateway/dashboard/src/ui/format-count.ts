/** `12,345`; from a million on `1.23 M`. */
export function formatCount(value: number): string {
  if (value < 1_000_000) return value.toLocaleString("en");
  const [size, unit] = value < 1_000_000_000 ? [1_000_000, "M"] : [1_000_000_000, "G"];
  return `${(value / size).toFixed(2)} ${unit}`;
}

/** `1 task`, `2 tasks`. */
export function plural(count: number, word: string): string {
  return `${formatCount(count)} ${word}${count === 1 ? "" : "s"}`;
}

/** `512 B`, `3.4 KiB`, `12 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB"];
  let size = bytes / 1_024;
  let unit = 0;
  while (size >= 1_024 && unit < units.length - 1) {
    size /= 1_024;
    unit++;
  }
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}
