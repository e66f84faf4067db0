import { describe, expect, it } from "vitest";
import { colorOf, diverging, palette, sequential } from "./colors.ts";

/** WCAG 2.2 relative luminance of "#rrggbb" or "rgb(r, g, b)". */
function luminance(color: string): number {
  const hex = color.match(/^#(..)(..)(..)$/);
  const parts = hex
    ? hex.slice(1).map((two) => Number.parseInt(two, 16))
    : (color.match(/\d+/g) ?? []).map(Number);
  const [r, g, b] = parts.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light! + 0.05) / (dark! + 0.05);
}

describe("colors of series", () => {
  it.each([1, 3, 8, 15, 40])("are all different among %d series", (count) => {
    const colors = Array.from({ length: count }, (_, i) => colorOf(i, count));
    expect(new Set(colors).size).toBe(count);
  });

  it("stand out from a white and from a dark page", () => {
    const ramp = Array.from({ length: 20 }, (_, i) => colorOf(i, 20));
    for (const color of [...palette, ...ramp]) {
      expect(contrast(color, "#ffffff"), color).toBeGreaterThan(2.4);
      expect(contrast(color, "#15181c"), color).toBeGreaterThan(2.4);
    }
  });
});

describe("color scales", () => {
  it("are symmetric in brightness when diverging, and lightest in the middle", () => {
    const lights = diverging.map(([, color]) => luminance(color));
    expect(Math.max(...lights)).toBe(lights[5]);
    for (const [i, light] of lights.entries()) {
      expect(Math.abs(light - (lights.at(-1 - i) ?? 0))).toBeLessThan(0.2);
    }
  });

  it("darken steadily when sequential", () => {
    const lights = sequential.map(([, color]) => luminance(color));
    expect(lights).toEqual([...lights].sort((a, b) => b - a));
  });
});
