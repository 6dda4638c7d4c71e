import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import {
  contrast,
  luminance,
  type Rgb,
  readableOn,
  tableColour,
} from "../../gateway/dashboard/src/logs/readable-colour.ts";

const css = readFileSync(join(import.meta.dirname, "../../gateway/dashboard/src/styles/palette.css"), "utf8");
const palette = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name, light, dark]) => [
    name as string,
    { light: rgb(light as string), dark: rgb(dark as string) },
  ]),
);

function rgb(hex: string): Rgb {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;
}
function colour(name: string, theme: "light" | "dark"): Rgb {
  const found = palette.get(name)?.[theme];
  if (found === undefined) throw new Error(`the palette has no ${name}`);
  return found;
}

const MEANINGS = ["waiting", "active", "good", "attention", "bad"];
const ANSI = Array.from({ length: 16 }, (_, index) => `ansi-${index}`);

describe.each(["light", "dark"] as const)("%s", (theme) => {
  test.each([
    ...["text", "dim", "accent", ...MEANINGS].flatMap((name) =>
      ["ground", "panel", "raised"].map((on) => [name, on] as const),
    ),
    ...MEANINGS.map((name) => [name, `${name}-wash`] as const),
    ...MEANINGS.map((name) => ["text", `${name}-wash`] as const),
    ...["text", "accent", "dim"].map((name) => [name, "accent-wash"] as const),
    ["on-accent", "accent"],
    ["text", "mark"],
    ...ANSI.flatMap((name) => [[name, "panel"] as const, ["panel", name] as const]),
  ])("%s can be read on %s", (name, on) => {
    expect(contrast(colour(name, theme), colour(on, theme))).toBeGreaterThanOrEqual(4.5);
  });

  test.each(MEANINGS)("the shape of %s stands out from a pressed button", (name) => {
    expect(contrast(colour(name, theme), colour("accent-wash", theme))).toBeGreaterThanOrEqual(3);
  });

  test.each(["ground", "panel", "raised"])("edges of controls stand out from %s", (on) => {
    expect(contrast(colour("line-strong", theme), colour(on, theme))).toBeGreaterThanOrEqual(3);
  });

  test.each(["normal", "protan", "deutan", "tritan"] as const)(
    "the five meanings are told apart with %s vision",
    (vision) => {
      for (const [index, one] of MEANINGS.entries())
        for (const other of MEANINGS.slice(index + 1)) {
          const distance = okDistance(simulate(colour(one, theme), vision), simulate(colour(other, theme), vision));
          expect([one, other, distance >= 0.08]).toEqual([one, other, true]);
        }
    },
  );
});

test("any colour a program writes is made readable on either ground", () => {
  for (let index = 16; index < 256; index++)
    for (const ground of [colour("panel", "light"), colour("panel", "dark")])
      expect(contrast(readableOn(tableColour(index), ground), ground)).toBeGreaterThanOrEqual(4.5);
  expect(luminance([255, 255, 255])).toBeCloseTo(1);
});

/** Machado, Oliveira, Fernandes 2009: full severity, on linear light. */
const VISION = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protan: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deutan: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritan: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
} as const;

function simulate(color: Rgb, vision: keyof typeof VISION): number[] {
  const linear = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const m = VISION[vision];
  return [0, 3, 6].map((row) =>
    Math.min(Math.max(m[row]! * linear[0]! + m[row + 1]! * linear[1]! + m[row + 2]! * linear[2]!, 0), 1),
  );
}

/** Distance in OKLab (Ottosson 2020) of linear colours. */
function okDistance(one: readonly number[], other: readonly number[]): number {
  const [a, b] = [okLab(one), okLab(other)];
  return Math.hypot(...a.map((part, index) => part - b[index]!));
}

function okLab([r = 0, g = 0, b = 0]: readonly number[]): number[] {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}
