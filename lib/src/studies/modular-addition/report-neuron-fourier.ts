/** The part of the article about neurons in the 2-D Fourier basis. */

import type { ModularAdditionAnalysis } from "../../analysis/index.ts";
import type { NdArray } from "../../core/nd.ts";
import { facets, heatmap } from "../../figures/index.ts";
import { list, percent } from "../shared/words.ts";
import type { ReportFigure } from "../study.ts";
import { mapOf } from "./report-attention.ts";

/** First what the key components hold, then two neurons in full; the constant is left out. */
export function neuronFourierFigures(analysis: ModularAdditionAnalysis): ReportFigure[] {
  const { shown } = analysis.neurons;
  const alone = [...new Set([0, shown.length - 1])].filter((which) => shown[which] !== undefined);
  return [...keyFigure(analysis), ...alone.map((which) => fullFigure(analysis, which))];
}

/** Rows and columns of the key frequencies only, large enough to read. */
function keyFigure({ basis, keyFrequencies, neurons }: ModularAdditionAnalysis): ReportFigure[] {
  if (keyFrequencies.length === 0 || neurons.shown.length === 0) return [];
  const kept = basis.frequencies.flatMap((k, component) =>
    k === 0 || keyFrequencies.includes(k) ? [component] : [],
  );
  const names = kept.map((component) => basis.names[component] as string);
  return [
    {
      id: "neuron-fourier",
      title: "The same neurons in the 2-D Fourier basis",
      see: `Key components of a run down, those of b across; the constant is left out. A neuron of one frequency has its colour in one block of rows and columns and along the edges beside it, where the waves of a alone and of b alone are.`,
      figure: facets({
        panels: neurons.shown.map((neuron, which) => ({
          title: `neuron ${neuron}`,
          z: part(withoutConstant(mapOf(neurons.transformedMaps, which)), kept),
        })),
        columns: Math.min(neurons.shown.length, 3),
        x: names,
        y: names,
        xLabel: "component of b",
        yLabel: "component of a",
      }),
    },
  ];
}

function fullFigure(
  { basis, keyFrequencies, neurons }: ModularAdditionAnalysis,
  which: number,
): ReportFigure {
  const neuron = neurons.shown[which] as number;
  const width = neurons.fractions.shape[1] as number;
  const held = keyFrequencies.reduce(
    (sum, k) => sum + (neurons.fractions.data[(k - 1) * width + neuron] as number),
    0,
  );
  const where =
    keyFrequencies.length === 0
      ? "No frequency stands out in this network."
      : `The blocks of single frequencies among ${list(keyFrequencies)} hold ${percent(held)} of its variance.`;
  return {
    id: `neuron-fourier-${which}`,
    title: `Neuron ${neuron} in the whole 2-D Fourier basis`,
    see: `Every component of a and b but the constant. ${where}`,
    figure: heatmap({
      z: withoutConstant(mapOf(neurons.transformedMaps, which)),
      x: basis.names,
      y: basis.names,
      xLabel: "component of b",
      yLabel: "component of a",
      aspect: "equal",
    }),
  };
}

function withoutConstant({ shape, data }: NdArray): NdArray {
  const values = Float64Array.from(data);
  values[0] = 0;
  return { dtype: "float64", shape, data: values };
}

/** The chosen rows and columns of a square matrix. */
function part({ shape, data }: NdArray, kept: readonly number[]): NdArray {
  const size = shape[1] as number;
  const values = kept.flatMap((row) => kept.map((column) => data[row * size + column] as number));
  return {
    dtype: "float64",
    shape: [kept.length, kept.length],
    data: Float64Array.from(values),
  };
}
