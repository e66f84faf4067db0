/** Axes of numbers that can be logarithmic, and the buttons that switch them. */

import { type Json, numberAxis, scales } from "./figure-parts.ts";
import { extentOf } from "./numbers.ts";
import { plain, type Text } from "./text.ts";

/** A labeled line across the axes. */
export interface Mark {
  readonly value: number;
  readonly label?: Text;
}

/** What stands along one letter of a figure's axes. */
export interface AxisContent {
  readonly letter: "x" | "y";
  readonly label: Text | undefined;
  /** Whether the axis is logarithmic at first. */
  readonly log: boolean;
  /** Whether its numbers only number things; default false. */
  readonly index?: boolean;
  /** Every number that the axis shows. */
  readonly values: readonly ArrayLike<number>[];
  /** Lines at a value of this axis. */
  readonly marks: readonly Mark[];
}

/** The axis as it is drawn first. `titled` is false for panels whose title another panel has. */
export function valueAxis(content: AxisContent, titled = true): Json {
  return numberAxis(titled ? titleOn(content, content.log) : undefined, content.log);
}

/**
 * Whether a button for a logarithmic axis is of use: every number and every mark is positive, so that
 * nothing disappears, and they measure something.
 */
export function isLoggable({ values, marks, index = false }: AxisContent): boolean {
  if (index) return false;
  const [low] = extentOf([...values, marks.map(({ value }) => value)]) ?? [0];
  return low > 0;
}

/** Whether a mark can be drawn: a logarithmic axis has no place for zero and negative numbers. */
export function hasPlace({ value }: Mark, log: boolean): boolean {
  return !log || value > 0;
}

/** The axis title; on a logarithmic axis its second line says what is not shown. */
function titleOn(content: AxisContent, log: boolean): string | undefined {
  const title = content.label === undefined ? undefined : plain(content.label);
  const missing = log ? missingOn(content) : [];
  if (missing.length === 0) return title;
  return `${title ?? ""}<br><i>not on a log axis: ${missing.join(", ")}</i>`;
}

function missingOn({ values, marks }: AxisContent): string[] {
  const [low] = extentOf(values) ?? [1];
  const lost = marks.filter((mark) => !hasPlace(mark, true));
  return [
    ...(low <= 0 ? ["values ≤ 0"] : []),
    ...lost.map(({ value, label }) =>
      label === undefined ? `the line at ${value}` : `${plain(label)} (${value})`,
    ),
  ];
}

/** A set of axes that one button switches. */
export interface Toggle {
  readonly content: AxisContent;
  /** Layout keys, e.g. `["xaxis", "xaxis2"]`. */
  readonly axes: readonly string[];
  /** Those of them that have a title; default all. */
  readonly titled?: readonly string[];
  /** What else changes with the scale, as paths into the layout. */
  readonly changes?: (log: boolean) => Json;
}

/** A Plotly button menu per axis that can be switched, below the axes; pressed means logarithmic. */
export function logToggles(toggles: readonly Toggle[]): Json[] {
  const shown = toggles.filter(({ content }) => content.log || isLoggable(content));
  return shown.map((toggle, i) => ({
    type: "buttons",
    active: toggle.content.log ? 0 : -1,
    x: 1 - 0.09 * (shown.length - 1 - i),
    xanchor: "right",
    y: 0,
    yanchor: "top",
    pad: { t: 28 },
    buttons: [
      {
        label: `log ${toggle.content.letter}`,
        method: "relayout",
        args: [stateOf(toggle, true)],
        args2: [stateOf(toggle, false)],
      },
    ],
  }));
}

function stateOf({ content, axes, titled = axes, changes }: Toggle, log: boolean): Json {
  const { type, tickfont } = scales[log ? "log" : "linear"];
  const hasNote = titleOn(content, true) !== titleOn(content, false);
  const titles = hasNote
    ? titled.map((axis) => [`${axis}.title.text`, titleOn(content, log) ?? ""])
    : [];
  const kinds = axes.flatMap((axis) => [
    [`${axis}.type`, type],
    [`${axis}.tickfont.size`, tickfont.size],
    [`${axis}.autorange`, true],
  ]);
  return { ...Object.fromEntries([...kinds, ...titles]), ...changes?.(log) };
}
