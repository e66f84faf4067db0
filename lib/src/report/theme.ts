/** The two looks of a report: colors of the page, and Plotly templates that match them. */

export interface ThemeColors {
  readonly page: string;
  readonly surface: string;
  readonly text: string;
  readonly muted: string;
  readonly rule: string;
  readonly accent: string;
  readonly good: string;
  readonly bad: string;
  readonly grid: string;
}

export type ThemeName = "light" | "dark";

export const themes: { readonly [T in ThemeName]: ThemeColors } = {
  light: {
    page: "#ffffff",
    surface: "#f5f6f8",
    text: "#1c2026",
    muted: "#5c6470",
    rule: "#dfe2e7",
    accent: "#1a5fa0",
    good: "#0a7a58",
    bad: "#b8430a",
    grid: "#e9ebef",
  },
  dark: {
    page: "#15181c",
    surface: "#1e2228",
    text: "#e3e6eb",
    muted: "#9aa3af",
    rule: "#31363e",
    accent: "#7fb8ef",
    good: "#4cc79b",
    bad: "#f08a52",
    grid: "#292e35",
  },
};

export const sans =
  '-apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif';

/** CSS custom properties `--page`, `--text`, … that follow `color-scheme`. */
export function themeVariables(): string {
  const names = Object.keys(themes.light) as (keyof ThemeColors)[];
  return names
    .map((name) => `--${name}: light-dark(${themes.light[name]}, ${themes.dark[name]});`)
    .join("\n  ");
}

/** Plotly template: fonts and colors of everything that a figure leaves to the page. */
export function plotlyTemplate(name: ThemeName): Readonly<Record<string, unknown>> {
  const { page, surface, text, muted, rule, accent, grid } = themes[name];
  const axis = {
    gridcolor: grid,
    zerolinecolor: rule,
    linecolor: muted,
    tickcolor: muted,
    tickfont: { color: muted, size: 12 },
    title: { font: { color: text, size: 13 }, standoff: 10 },
  };
  return {
    layout: {
      font: { family: sans, size: 13, color: text },
      paper_bgcolor: page,
      plot_bgcolor: page,
      title: { font: { size: 16, color: text } },
      xaxis: axis,
      yaxis: axis,
      legend: { font: { size: 13, color: text }, bgcolor: "rgba(0,0,0,0)" },
      hoverlabel: { bgcolor: surface, bordercolor: rule, font: { color: text, size: 13 } },
      annotationdefaults: { font: { color: text } },
      shapedefaults: { line: { color: muted }, label: { font: { color: muted } } },
      coloraxis: {
        colorbar: {
          tickfont: { color: muted, size: 12 },
          tickcolor: muted,
          outlinecolor: rule,
          title: { font: { color: text, size: 13 } },
        },
      },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: muted, activecolor: accent },
    },
  };
}
