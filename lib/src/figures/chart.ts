/** One pair of axes of numbers with its references, markers, legend and buttons. */

import { baseLayout, type FigureOptions, type Json, legendGap } from "./figure-parts.ts";
import { type AxisContent, logToggles, valueAxis } from "./log-axis.ts";
import { labelRoom, ruleChanges, ruleShapes } from "./rules.ts";

export interface Chart {
  readonly x: AxisContent;
  readonly y: AxisContent;
  /** Pixels. */
  readonly height: number;
  /** Names in the legend. */
  readonly entries: number;
}

/** The layout of a chart; only axes that can be logarithmic, see `logToggles`, get a button. */
export function chartLayout(options: FigureOptions, chart: Chart, switches = true): Json {
  const { x, y, height, entries } = chart;
  const rules = { x, y, height };
  const room = labelRoom(rules) + legendGap(entries, height);
  const toggles = [x, y].map((content) => ({
    content,
    axes: [`${content.letter}axis`],
    changes: (log: boolean) => ruleChanges(rules, content.letter, log),
  }));
  return {
    ...baseLayout(options, { height }, entries),
    xaxis: valueAxis(x),
    yaxis: { ...valueAxis(y), ...(room > 0 ? { domain: [0, 1 - room] } : {}) },
    shapes: ruleShapes(rules),
    ...(switches ? { updatemenus: logToggles(toggles) } : {}),
  };
}
