/** What an animation shows beside each other. Everything is given for every frame. */

import type { ColorOptions } from "../color-axis.ts";
import { colorFields, type FieldNames, lineFields } from "../fields.ts";
import type { FigureOptions } from "../figure-parts.ts";
import type { HeatOptions } from "../heat.ts";
import type { Matrix, Numbers } from "../numbers.ts";
import type { LineSeries } from "../series.ts";
import type { Text } from "../text.ts";

/** A matrix per frame, all of one shape; all heat panels of a figure share one color scale. */
export interface HeatPanel extends Pick<HeatOptions, "x" | "y" | "xLabel" | "yLabel" | "aspect"> {
  readonly kind: "heatmap";
  readonly title: Text;
  readonly frames: readonly Matrix[];
}

/** A line that changes: its points per frame, which may grow in number. */
export interface MovingSeries extends Omit<LineSeries, "x" | "y"> {
  readonly frames: readonly { readonly y: Numbers; readonly x?: Numbers }[];
}

/** Lines that change, over lines that stay. */
export interface LinePanel {
  readonly kind: "lines";
  readonly title: Text;
  readonly moving: readonly MovingSeries[];
  readonly still?: readonly LineSeries[];
  /** For series and frames without their own; default 0, 1, …. */
  readonly x?: Numbers;
  readonly xLabel?: Text;
  readonly yLabel?: Text;
  readonly logX?: boolean;
  readonly logY?: boolean;
}

/** What one panel of an animation shows. */
export type AnimationPanel = HeatPanel | LinePanel;

/** Panels that change from frame to frame. */
export interface AnimationData
  extends Pick<FigureOptions, "title">,
    ColorOptions,
    Pick<HeatOptions, "valueFormat"> {
  /** One per frame, e.g. the steps of the checkpoints; all different. */
  readonly frames: readonly (Text | number)[];
  /** What the frames are; default "step". */
  readonly frameLabel?: Text;
  readonly panels: readonly AnimationPanel[];
  /** Default: up to 2. */
  readonly columns?: number;
  /** Pixels; default 320. */
  readonly panelHeight?: number;
  /** Time per frame when playing, in ms; default 250. */
  readonly frameMs?: number;
}

const movingFields: FieldNames<MovingSeries> = {
  name: true,
  faint: true,
  dash: true,
  points: true,
  color: true,
  frames: true,
};

const panelFields: FieldNames<AnimationPanel> = {
  kind: true,
  title: true,
  frames: true,
  x: true,
  y: true,
  xLabel: true,
  yLabel: true,
  aspect: true,
  moving: movingFields,
  still: lineFields,
  logX: true,
  logY: true,
};

export const animationFields: FieldNames<AnimationData> = {
  ...colorFields,
  title: true,
  valueFormat: true,
  frames: true,
  frameLabel: true,
  panels: panelFields,
  columns: true,
  panelHeight: true,
  frameMs: true,
};
