/** The contract of a figure: plain numbers in, Plotly JSON out. Knows no tensors and no page. */

import { checkFields, type FieldNames } from "./fields.ts";

/** A Plotly figure as plain JSON: opens in Plotly for Python, Jupyter and VS Code too. */
export interface PlotlyFigure {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly layout: Readonly<Record<string, unknown>>;
  readonly frames?: readonly Readonly<Record<string, unknown>>[];
}

/** A kind of figure: `heatmap(data)` gives Plotly JSON. */
export interface Figure<D> {
  (data: D): PlotlyFigure;
  readonly name: string;
  /** Case files: test, example and gallery entry in one. */
  readonly examples: Readonly<Record<string, D>>;
}

/** A kind of figure of some data: what all kinds have in common. */
export interface AnyFigure {
  (data: never): PlotlyFigure;
  readonly name: string;
  readonly examples: Readonly<Record<string, unknown>>;
}

/** A kind of figure from its parts. */
export function defineFigure<D extends object>(parts: {
  readonly name: string;
  readonly fields: FieldNames<D>;
  readonly examples: Readonly<Record<string, D>>;
  draw(data: D): PlotlyFigure;
}): Figure<D> {
  const figure = (data: D): PlotlyFigure => {
    checkFields(parts.name, data, parts.fields);
    return parts.draw(data);
  };
  Object.defineProperty(figure, "name", { value: parts.name });
  return Object.assign(figure, { examples: parts.examples });
}
