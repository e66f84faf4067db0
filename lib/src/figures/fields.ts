/** The names of the fields of figures, so that a misspelled one is refused instead of ignored. */

import { checkOptions } from "../core/options.ts";
import type { ColorOptions } from "./color-axis.ts";
import type { FigureOptions } from "./figure-parts.ts";
import type { HeatOptions } from "./heat.ts";
import type { Mark } from "./log-axis.ts";
import type { LineSeries } from "./series.ts";

/** Every field of `D`; for a list of objects, the fields of its items in place of `true`. */
export type FieldNames<D> = {
  readonly [K in D extends unknown ? keyof D : never]-?:
    | true
    | { readonly [name: string]: unknown };
};

/**
 * Refuse fields that a figure does not have, in its data and in the items of its lists.
 * @throws UnknownNameError naming the nearest fields.
 */
export function checkFields<D extends object>(where: string, data: D, names: FieldNames<D>): void {
  checkOptions<object>(where, data, names);
  for (const [name, inner] of Object.entries(names)) {
    const items: unknown = Reflect.get(data, name);
    if (inner === true || !Array.isArray(items)) continue;
    for (const item of items) checkFields(`${where}: ${name}`, item, inner as FieldNames<object>);
  }
}

export const figureFields: FieldNames<FigureOptions> = { title: true, height: true };

export const colorFields: FieldNames<ColorOptions> = {
  sequential: true,
  range: true,
  valueLabel: true,
};

export const heatFields: FieldNames<HeatOptions> = {
  ...colorFields,
  x: true,
  y: true,
  xLabel: true,
  yLabel: true,
  aspect: true,
  annotate: true,
  valueFormat: true,
};

export const markFields: FieldNames<Mark> = { value: true, label: true };

export const lineFields: FieldNames<LineSeries> = {
  name: true,
  y: true,
  x: true,
  faint: true,
  dash: true,
  points: true,
  color: true,
};
