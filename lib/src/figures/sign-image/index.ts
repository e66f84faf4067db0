/** The signs of a matrix: −1 black, 0 grey, 1 white. */

import { colorBar } from "../color-axis.ts";
import { signs } from "../colors.ts";
import { figureFields } from "../fields.ts";
import { defineFigure, type Figure, type PlotlyFigure } from "../figure.ts";
import { baseLayout, type FigureOptions } from "../figure-parts.ts";
import { type HeatOptions, heatAxes, heatTraces, isEqual } from "../heat.ts";
import { gridOf, type Matrix } from "../numbers.ts";
import { plain } from "../text.ts";

/** A matrix whose signs are drawn. */
export interface SignImageData
  extends FigureOptions,
    Pick<HeatOptions, "x" | "y" | "xLabel" | "yLabel" | "valueLabel" | "aspect"> {
  /** "row column"; only the signs are drawn. NaN counts as 0. */
  readonly z: Matrix;
}

/** The signs of a matrix: −1 black, 0 grey, 1 white. */
export const signImage: Figure<SignImageData> = defineFigure({
  name: "signImage",
  fields: {
    ...figureFields,
    x: true,
    y: true,
    xLabel: true,
    yLabel: true,
    valueLabel: true,
    aspect: true,
    z: true,
  },
  examples: {
    binary: {
      z: Array.from({ length: 12 }, (_, i) =>
        Array.from({ length: 24 }, (_, j) => Math.sin(1.7 * i * i + 2.3 * j * j + 0.4)),
      ),
      xLabel: "d_model",
      yLabel: "neuron",
      valueLabel: "sign",
    },
    ternary: {
      z: [
        [1, 0, -1],
        [0, -1, 1],
      ],
    },
  },
  draw(data: SignImageData): PlotlyFigure {
    const grid = gridOf("signImage", data.z);
    const drawn = {
      ...grid,
      data: Int32Array.from({ length: grid.data.length }, (_, i) => Math.sign(grid.data[i] ?? 0)),
    };
    const axes = heatAxes("signImage", grid, data, { xaxis: "x" });
    const options = { ...data, valueFormat: "d" };
    const hasZero = drawn.data.includes(0);
    const height = data.height ?? 420;
    const fixed = isEqual(grid, data) ? { width: (height * grid.columns) / grid.rows + 80 } : {};
    return {
      data: heatTraces(drawn, options, { xaxis: "x", yaxis: "y", name: "" }, false),
      layout: {
        ...baseLayout(data, { height, ...fixed }),
        xaxis: axes.x,
        yaxis: axes.y,
        coloraxis: {
          cmin: -1,
          cmax: 1,
          colorscale: hasZero ? signs.ternary : signs.binary,
          colorbar: {
            ...colorBar(plain(data.valueLabel ?? "")),
            tickvals: hasZero ? [-2 / 3, 0, 2 / 3] : [-1 / 2, 1 / 2],
            ticktext: hasZero ? ["−1", "0", "+1"] : ["−1", "+1"],
            outlinewidth: 1,
          },
        },
      },
    };
  },
});
