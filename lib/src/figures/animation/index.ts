/** Heat maps and lines over checkpoints: a slider, play and pause; scales fixed over all frames. */

import { InputError, ShapeError } from "../../core/errors.ts";
import { colorAxis } from "../color-axis.ts";
import { defineFigure, type Figure, type PlotlyFigure } from "../figure.ts";
import { axisId, axisKey, baseLayout, type Json, margin } from "../figure-parts.ts";
import { heatAxes, heatTraces } from "../heat.ts";
import { valueAxis } from "../log-axis.ts";
import { type Grid, gridOf, hasGap } from "../numbers.ts";
import { type Panel, type PanelGrid, panelGrid, panelTitle } from "../panels.ts";
import { lineTrace } from "../series.ts";
import { plain, quoted } from "../text.ts";
import { animationControls } from "./controls.ts";
import {
  type AnimationData,
  type AnimationPanel,
  animationFields,
  type HeatPanel,
  type LinePanel,
} from "./data.ts";
import { example } from "./example.ts";
import { contentOf, rangeOf } from "./ranges.ts";

export type { AnimationData, AnimationPanel, HeatPanel, LinePanel, MovingSeries } from "./data.ts";

/** Heat maps and lines over checkpoints, with a slider; scales are fixed over all frames. */
export const animation: Figure<AnimationData> = defineFigure({
  name: "animation",
  fields: animationFields,
  examples: { grokking: example },
  draw(data: AnimationData): PlotlyFigure {
    const names = data.frames.map(plain);
    checkFrames(data, names);
    const heat = heatPanels(data);
    const stages = names.map((name, frame) => ({ name, traces: tracesAt(data, heat, frame) }));
    const panelHeight = data.panelHeight ?? 320;
    const columns = data.columns ?? 2;
    const gaps = { row: 76, column: hasInnerBar(data, columns) ? 0.2 : 0.1 };
    const grid = panelGrid("animation", data.panels.length, columns, panelHeight, gaps);
    const height = grid.height + margin.t + margin.b + 138;
    const last = stages.at(-1)?.traces ?? [];
    const moving = last.flatMap(({ moves }, i) => (moves ? [i] : []));
    const showsGaps = heat.some(({ grids }) => grids.some((one) => hasGap(one.data)));
    const lists = heat.flatMap(({ grids }) => grids.map((one) => one.data));
    const legendEntries = last.filter(({ trace }) => trace.type === "scatter").length;
    return {
      data: last.map(({ trace }) => trace),
      frames: stages.map(({ name, traces }) => ({
        name,
        traces: moving,
        data: traces.flatMap(({ trace, moves }) => (moves ? [framePart(trace)] : [])),
      })),
      layout: {
        ...baseLayout(data, { height, minWidth: 80 + 320 * grid.columns }, legendEntries),
        ...Object.fromEntries(grid.panels.flatMap((place, n) => axesOf(data, heat, place, n))),
        annotations: data.panels.map(({ title }, n) => panelTitle(title, n)),
        ...(heat.length > 0
          ? { coloraxis: colorAxis(lists, data, showsGaps, barPlace(heat, grid)) }
          : {}),
        ...animationControls(names, plain(data.frameLabel ?? "step"), data.frameMs ?? 250),
      },
    };
  },
});

/** Whether lines stand to the right of every heat map, so that the color bar goes between them. */
function hasInnerBar({ panels }: AnimationData, columns: number): boolean {
  const across = Math.min(columns, panels.length);
  const heatColumns = panels.flatMap(({ kind }, n) => (kind === "heatmap" ? [n % across] : []));
  return heatColumns.length > 0 && Math.max(...heatColumns) < across - 1;
}

/** The color bar: right of the heat maps, as high as they are. */
function barPlace(heat: readonly HeatFrames[], { panels }: PanelGrid): Json {
  const places = heat.map(({ n }) => panels[n] as Panel);
  const top = Math.max(...places.map(({ y }) => y[1]));
  const bottom = Math.min(...places.map(({ y }) => y[0]));
  const x = Math.max(...places.map((place) => place.x[1]));
  return { x, xanchor: "left", y: top, yanchor: "top", len: top - bottom };
}

interface HeatFrames {
  readonly n: number;
  readonly panel: HeatPanel;
  readonly grids: readonly Grid[];
  readonly showsGaps: boolean;
}

interface Stage {
  readonly trace: Json;
  readonly moves: boolean;
}

function checkFrames(data: AnimationData, names: readonly string[]): void {
  if (names.length === 0 || new Set(names).size < names.length) {
    throw new InputError(`animation: frames must be different and at least one, got [${names}]`);
  }
  for (const panel of data.panels) {
    const parts = panel.kind === "heatmap" ? [panel] : panel.moving;
    for (const { frames } of parts) {
      if (frames.length === names.length) continue;
      throw new InputError(
        `animation ${quoted(panel.title)}: needs ${names.length} frames, got ${frames.length}`,
      );
    }
  }
}

function heatPanels(data: AnimationData): HeatFrames[] {
  return data.panels.flatMap((panel, n) => {
    if (panel.kind !== "heatmap") return [];
    const where = `animation ${quoted(panel.title)}`;
    const grids = panel.frames.map((z) => gridOf(where, z));
    const first = grids[0] as Grid;
    for (const { rows, columns } of grids) {
      if (rows === first.rows && columns === first.columns) continue;
      throw new ShapeError(where, [first.rows, first.columns], [rows, columns]);
    }
    return [{ n, panel, grids, showsGaps: grids.some((grid) => hasGap(grid.data)) }];
  });
}

/** Every trace of the figure as it is at one frame, in a fixed order. */
function tracesAt(data: AnimationData, heat: readonly HeatFrames[], frame: number): Stage[] {
  return data.panels.flatMap((panel, n) => {
    const axes = { xaxis: axisId("x", n), yaxis: axisId("y", n) };
    if (panel.kind === "lines") return lineStages(panel, axes, frame);
    const { grids, showsGaps } = heat.find((one) => one.n === n) as HeatFrames;
    const place = { ...axes, name: plain(panel.title) };
    const options = { ...data, ...panel };
    const traces = heatTraces(grids[frame] as Grid, options, place, showsGaps);
    return traces.map((trace) => ({ trace, moves: true }));
  });
}

function lineStages(
  panel: LinePanel,
  axes: { readonly xaxis: string; readonly yaxis: string },
  frame: number,
): Stage[] {
  const still = panel.still ?? [];
  const count = panel.moving.length + still.length;
  const where = `animation ${quoted(panel.title)}`;
  const meta = { panel: plain(panel.title) };
  const stillStages = still.map((series, i) => ({
    trace: {
      ...lineTrace(where, series, panel.x, { index: panel.moving.length + i, count, ...axes }),
      meta,
    },
    moves: false,
  }));
  const movingStages = panel.moving.map(({ frames, ...series }, index) => ({
    trace: {
      ...lineTrace(where, { ...series, ...pointsAt(frames, frame) }, panel.x, {
        index,
        count,
        ...axes,
      }),
      meta,
    },
    moves: true,
  }));
  return [...stillStages, ...movingStages];
}

type Points = LinePanel["moving"][number]["frames"][number];

function pointsAt(frames: readonly Points[], frame: number): Points {
  return frames[frame] as Points;
}

/** What changes from frame to frame. */
function framePart({ type, x, y, z }: Json): Json {
  if (type === "heatmap") return { z };
  return x === undefined ? { y } : { x, y };
}

function axesOf(
  data: AnimationData,
  heat: readonly HeatFrames[],
  place: Panel,
  n: number,
): [string, Json][] {
  const panel = data.panels[n] as AnimationPanel;
  const xPlace = { domain: place.x, anchor: axisId("y", n) };
  const yPlace = { domain: place.y, anchor: axisId("x", n) };
  if (panel.kind === "lines") {
    const { x, y } = contentOf(panel);
    return [
      [axisKey("x", n), { ...valueAxis(x), ...xPlace, range: rangeOf(x, 0.02) }],
      [axisKey("y", n), { ...valueAxis(y), ...yPlace, range: rangeOf(y, 0.05) }],
    ];
  }
  const { grids } = heat.find((one) => one.n === n) as HeatFrames;
  const axes = heatAxes(`animation ${quoted(panel.title)}`, grids[0] as Grid, panel, {
    xaxis: axisId("x", n),
  });
  return [
    [axisKey("x", n), { ...axes.x, ...xPlace, constraintoward: "right" }],
    [axisKey("y", n), { ...axes.y, ...yPlace, constraintoward: "top" }],
  ];
}
