/** Where the panels of a grid go. */

import { InputError } from "../core/errors.ts";
import type { Json } from "./figure-parts.ts";
import { axisId } from "./figure-parts.ts";
import { plain, type Text } from "./text.ts";

/** One panel: its place in the grid and its share of the drawing area. */
export interface Panel {
  readonly row: number;
  readonly column: number;
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  /** In the first column; at the bottom of its column. */
  readonly isLeft: boolean;
  readonly isBottom: boolean;
}

export interface PanelGrid {
  readonly panels: readonly Panel[];
  readonly columns: number;
  /** Pixels of the drawing area with the titles of the panels. */
  readonly height: number;
}

/** Pixels between two rows of panels without and with tick labels, and a fraction between columns. */
export interface Gaps {
  readonly row: number;
  readonly column: number;
}

/** Pixels of the title above a panel. */
const titleHeight = 24;

/** Row-major grid of `count` panels, each `panelHeight` pixels high, with room for the upper titles. */
export function panelGrid(
  where: string,
  count: number,
  columns: number,
  panelHeight: number,
  gaps: Gaps,
): PanelGrid {
  if (count === 0) throw new InputError(`${where}: needs at least one panel, got 0`);
  if (!Number.isInteger(columns) || columns < 1) {
    throw new InputError(`${where}: columns must be a positive integer, got ${columns}`);
  }
  const across = Math.min(columns, count);
  const rows = Math.ceil(count / across);
  const height = titleHeight + rows * panelHeight + (rows - 1) * gaps.row;
  const width = (1 - (across - 1) * gaps.column) / across;
  const panels = Array.from({ length: count }, (_, i): Panel => {
    const [row, column] = [Math.floor(i / across), i % across];
    const left = column * (width + gaps.column);
    const top = 1 - (titleHeight + row * (panelHeight + gaps.row)) / height;
    return {
      row,
      column,
      x: [left, column === across - 1 ? 1 : left + width],
      y: [row === rows - 1 ? 0 : top - panelHeight / height, top],
      isLeft: column === 0,
      isBottom: i + across >= count,
    };
  });
  return { panels, columns: across, height };
}

/** The title above panel `n`. */
export function panelTitle(text: Text, n: number): Json {
  return {
    text: plain(text),
    x: 0.5,
    xref: `${axisId("x", n)} domain`,
    xanchor: "center",
    y: 1,
    yref: `${axisId("y", n)} domain`,
    yanchor: "bottom",
    yshift: 2,
    showarrow: false,
    font: { size: 13 },
  };
}
