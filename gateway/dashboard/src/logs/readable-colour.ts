export type Rgb = readonly [number, number, number];

const CUBE = [0, 95, 135, 175, 215, 255];

/** Colour 16–255 of the table that terminals share. */
export function tableColour(index: number): Rgb {
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return [grey, grey, grey];
  }
  const at = index - 16;
  const part = (size: number) => CUBE[Math.floor(at / size) % 6] as number;
  return [part(36), part(6), part(1)];
}

/** Relative luminance (WCAG 2). */
export function luminance([red, green, blue]: Rgb): number {
  const part = (value: number) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue);
}

export function contrast(one: Rgb, other: Rgb): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** The colour, moved towards black or white until it can be read on the ground (4.5:1). */
export function readableOn(colour: Rgb, ground: Rgb): Rgb {
  const towards = luminance(ground) > 0.18 ? 0 : 255;
  for (let step = 0; step <= 10; step++) {
    const mixed = colour.map((part) => Math.round(part + (towards - part) * (step / 10))) as unknown as Rgb;
    if (contrast(mixed, ground) >= 4.5) return mixed;
  }
  return [towards, towards, towards];
}
