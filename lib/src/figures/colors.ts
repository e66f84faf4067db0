/** Colors that color-blind readers can tell apart, legible on light and on dark pages. */

/**
 * Okabe and Ito's palette (Color Universal Design, 2008) without black and yellow, which vanish on
 * a dark or a light page; orange and sky blue a little darker.
 */
export const palette: readonly string[] = [
  "#0f7fc1",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#d08f00",
  "#46a6db",
  "#8a8f98",
  "#9467bd",
];

/** For what is there but not meant: bars outside the highlight, NaN. */
export const neutral = "#9aa0a8";

export type ColorScale = readonly (readonly [number, string])[];

/** ColorBrewer RdBu: red is negative, white zero, blue positive. */
export const diverging: ColorScale = evenly([
  "#67001f",
  "#b2182b",
  "#d6604d",
  "#f4a582",
  "#fddbc7",
  "#f7f7f7",
  "#d1e5f0",
  "#92c5de",
  "#4393c3",
  "#2166ac",
  "#053061",
]);

/** ColorBrewer Blues: the more, the darker. */
export const sequential: ColorScale = evenly([
  "#f7fbff",
  "#deebf7",
  "#c6dbef",
  "#9ecae1",
  "#6baed6",
  "#4292c6",
  "#2171b5",
  "#08519c",
  "#08306b",
]);

/** −1 black, 1 white, in equal bands; 0 grey between them in `ternary`. */
export const signs: { readonly binary: ColorScale; readonly ternary: ColorScale } = {
  binary: bands(["#101214", "#fbfbfb"]),
  ternary: bands(["#101214", neutral, "#fbfbfb"]),
};

/** Color of series `index` of `count`: the palette, or an ordered ramp when it is too short. */
export function colorOf(index: number, count: number): string {
  if (count <= palette.length) return palette[index % palette.length] as string;
  const position = (index / (count - 1)) * (ramp.length - 1);
  const left = Math.min(Math.floor(position), ramp.length - 2);
  const [from, to] = [ramp[left] as Rgb, ramp[left + 1] as Rgb];
  const mixed = from.map((value, i) =>
    Math.round(value + (position - left) * ((to[i] as number) - value)),
  );
  return `rgb(${mixed.join(", ")})`;
}

type Rgb = readonly [number, number, number];

/** Blue, teal, ochre, vermilion: ordered, of middle brightness. */
const ramp: readonly Rgb[] = [
  [58, 96, 178],
  [38, 150, 160],
  [196, 150, 40],
  [202, 74, 52],
];

function bands(colors: readonly string[]): ColorScale {
  return colors.flatMap((color, i) => [
    [i / colors.length, color] as const,
    [(i + 1) / colors.length, color] as const,
  ]);
}

function evenly(colors: readonly string[]): ColorScale {
  return colors.map((color, i) => [i / (colors.length - 1), color] as const);
}
