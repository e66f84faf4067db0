/** The part of the article about the embedding: few directions, few frequencies. */

import type { ModularAdditionAnalysis } from "../../analysis/index.ts";
import { rows } from "../../analysis/index.ts";
import { bars, heatmap, lineFacets, lines } from "../../figures/index.ts";
import { list, number, percent } from "../shared/words.ts";
import type { ReportFigure, ReportSection } from "../study.ts";
import type { CircuitResults, EmbeddingControl } from "./results.ts";

export function embeddingSection({ analysis, untrained }: CircuitResults): ReportSection {
  const { embedding, keyFrequencies, summary } = analysis;
  const key = list(keyFrequencies);
  return {
    title: "The embedding is a few circles",
    prose: [
      "Singular values say how many directions the embedding uses, the Fourier basis says which.",
      keyFrequencies.length === 0
        ? "No frequency stands out here: nothing was learned yet, or not in this way."
        : `Of its squared norm (the constant left out), ${percent(summary.embedding)} lies in the key frequencies ${key}; if all frequencies were alike it would be ${percent(summary.uniform)}.`,
    ],
    figures: [
      singularFigure(embedding, untrained),
      {
        id: "singular-vectors",
        title: "The first left singular vectors of the embedding",
        see: "Each is a function of the input number. Trained, they are waves of few frequencies; the vectors of a random matrix would be noise.",
        figure: lineFacets({
          panels: Array.from({ length: Math.min(15, embedding.svd.S.length) }, (_, i) => ({
            title: `vector ${i}`,
            series: [{ name: "U", y: columnOf(embedding.svd.U, i), color: 0 }],
          })),
          columns: 3,
          panelHeight: 120,
          xLabel: "input number",
        }),
      },
      singularHeat(analysis),
      ...controlHeat(analysis),
      {
        id: "embedding-fourier",
        title: "The embedding in the Fourier basis",
        see: "One row per wave, one column per direction of the residual stream. A trained embedding has few rows with any colour.",
        figure: heatmap({
          z: embedding.transformed,
          y: analysis.basis.names,
          xLabel: "d_model",
          yLabel: "Fourier component",
          aspect: "auto",
          height: 620,
        }),
      },
      componentFigure(analysis),
      normsFigure(analysis, untrained),
    ],
  };
}

type Embedding = ModularAdditionAnalysis["embedding"];

function singularFigure(
  { svd, control }: Embedding,
  untrained: EmbeddingControl | null,
): ReportFigure {
  return {
    id: "singular-values",
    title: "Singular values of the embedding",
    see: `A random Gaussian matrix falls off evenly. The trained embedding has a few large values (the largest is ${number(svd.S[0] ?? 0)}) and a drop behind them.`,
    figure: lines({
      series: [
        { name: "trained W_E", y: svd.S, points: "with line" },
        ...(untrained === null
          ? []
          : [{ name: "before training", y: untrained.singularValues, faint: true }]),
        ...(control === null ? [] : [{ name: "random Gaussian", y: control.S, faint: true }]),
      ],
      xLabel: "index",
      yLabel: "singular value",
    }),
  };
}

function singularHeat({ embedding, p }: ModularAdditionAnalysis): ReportFigure {
  return {
    id: "singular-heat",
    title: "All left singular vectors",
    see: "Rows are input numbers, columns singular vectors, in falling order of their values. The regular part on the left is what was learned; the rest is what is left of the initial noise.",
    figure: vectorsHeat(embedding.svd.U, p),
  };
}

function controlHeat({ embedding, p }: ModularAdditionAnalysis): ReportFigure[] {
  if (embedding.control === null) return [];
  return [
    {
      id: "singular-heat-control",
      title: "The same of a random Gaussian matrix",
      see: "The control: no column is more regular than another.",
      figure: vectorsHeat(embedding.control.U, p),
    },
  ];
}

function vectorsHeat(z: Embedding["svd"]["U"], p: number): ReportFigure["figure"] {
  return heatmap({
    z,
    xLabel: "singular vector",
    yLabel: "input number",
    aspect: "auto",
    height: Math.min(620, 120 + 4 * p),
  });
}

/** Sine and cosine apart, as seed 000 draws them. */
function componentFigure({
  basis,
  embedding,
  keyFrequencies,
}: ModularAdditionAnalysis): ReportFigure {
  const own = (at: number): boolean => keyFrequencies.includes(basis.frequencies[at] as number);
  const key = basis.names.filter((_, at) => own(at));
  const largest = key.reduce((best, name) => {
    const normOf = (of: string): number => embedding.spectrum.norms[basis.names.indexOf(of)] ?? 0;
    return normOf(name) > normOf(best) ? name : best;
  }, key[0] ?? "");
  const seen =
    key.length === 0
      ? "No wave stands out."
      : `The waves of the key frequencies are coloured; the largest is ${largest}. Sine and cosine of a frequency come in pairs of similar norm: together they make a circle.`;
  return {
    id: "component-norms",
    title: "Norm of each Fourier component of the embedding",
    see: `The lengths of the rows above, one bar per wave. ${seen}`,
    figure: bars({
      categories: basis.names,
      series: [{ name: "W_E", values: embedding.spectrum.norms }],
      highlight: key,
      labels: false,
      xLabel: "Fourier component",
      yLabel: "norm",
    }),
  };
}

function normsFigure(
  { embedding, unembedding, keyFrequencies, p }: ModularAdditionAnalysis,
  untrained: EmbeddingControl | null,
): ReportFigure {
  const frequencies = Array.from({ length: Math.floor(p / 2) }, (_, k) => k + 1);
  return {
    id: "frequency-norms",
    title: "Norm of each frequency in embedding and unembedding",
    see: `Sine and cosine of a frequency together. The key frequencies ${list(keyFrequencies)} stand out in both.`,
    figure: bars({
      categories: frequencies,
      series: [
        { name: "W_E", values: embedding.spectrum.frequencyNorms },
        { name: "W_U", values: unembedding.frequencyNorms },
        ...(untrained === null
          ? []
          : [{ name: "W_E before training", values: untrained.spectrum.frequencyNorms }]),
      ],
      xLabel: "frequency",
      yLabel: "norm",
    }),
  };
}

/** The basis itself, and how the key components of the embedding lie to each other. */
export function fourierSection(analysis: ModularAdditionAnalysis): ReportSection {
  const { basis, basisGram, embedding, interference, keyFrequencies } = analysis;
  const cosines = Array.from({ length: interference.cosines.shape[0] as number }, (_, i) => ({
    name: interference.names[i] ?? "",
    y: rows("cosines", interference.cosines, i, i + 1).data,
  }));
  return {
    title: "Waves that agree at one place only",
    prose: [
      "The answer is read off by *constructive interference*: cosines of different frequencies all peak where the guess is right and cancel elsewhere.",
      `The key frequencies are found from the data: those whose share of the unembedding's squared norm is at least twice what it would be if all were alike. Here they are ${list(keyFrequencies)}.`,
    ],
    figures: [
      {
        id: "fourier-basis",
        title: "The Fourier basis",
        see: "Rows are waves over the input numbers: the constant, then cosine and sine of each frequency. A function on the numbers modulo p is a sum of these.",
        figure: heatmap({
          z: basis.matrix,
          y: basis.names,
          xLabel: "input number",
          yLabel: "component",
          aspect: "auto",
          height: 560,
        }),
      },
      {
        id: "fourier-waves",
        title: "Some of its waves",
        see: "The first components are slow, later ones fast.",
        figure: lineFacets({
          panels: [0, 1, 2, 3, 4, 5, 6, 7, 25, 26, 27, 28]
            .filter((i) => i < basis.names.length)
            .map((i) => ({
              title: basis.names[i] ?? "",
              series: [{ name: "wave", y: rows("basis", basis.matrix, i, i + 1).data, color: 0 }],
            })),
          columns: 3,
          panelHeight: 110,
          xLabel: "input number",
        }),
      },
      {
        id: "basis-gram",
        title: "Dot products of the basis with itself",
        see: "The identity: the waves are orthonormal, so norms in this basis are norms.",
        figure: heatmap({ z: basisGram, y: basis.names, x: basis.names, aspect: "equal" }),
      },
      ...keyFigures(embedding, cosines, interference.mean),
    ],
  };
}

function keyFigures(
  embedding: Embedding,
  cosines: readonly { name: string; y: Float64Array }[],
  mean: readonly number[],
): ReportFigure[] {
  if (cosines.length === 0) return [];
  const { names, dots, cosines: similar } = embedding.products;
  return [
    {
      id: "key-dots",
      title: "Dot products of the key components of the embedding",
      see: "On the diagonal the squared norms of the directions that carry each key wave; beside it, how much two of them overlap.",
      figure: heatmap({ z: dots, x: names, y: names, aspect: "equal" }),
    },
    {
      id: "key-products",
      title: "Cosines between the key components of the embedding",
      see: `The same without the norms. The largest overlap of two waves is ${number(largestOff(similar))}; sine and cosine of one frequency at right angles and of similar norm make a circle.`,
      figure: heatmap({
        z: similar,
        x: names,
        y: names,
        range: [-1, 1],
        aspect: "equal",
      }),
    },
    {
      id: "key-cosines",
      title: "The cosines of the key frequencies",
      see: "They agree at 0 and nowhere else.",
      figure: lines({ series: [...cosines], xLabel: "a + b - c", yLabel: "cosine" }),
    },
    {
      id: "interference",
      title: "Their mean: constructive interference",
      see: `The mean peaks at 0 with ${number(mean[0] ?? 0)}; the next best place has ${number(Math.max(...mean.slice(1)))}.`,
      figure: lines({
        series: [{ name: "mean", y: mean }],
        xLabel: "a + b - c",
        yLabel: "mean cosine",
      }),
    },
  ];
}

/** The largest absolute value off the diagonal. */
function largestOff({ shape, data }: Embedding["products"]["cosines"]): number {
  const size = shape[0] as number;
  return data.reduce(
    (most, value, at) => (at % (size + 1) === 0 ? most : Math.max(most, Math.abs(value))),
    0,
  );
}

function columnOf(
  matrix: { shape: readonly number[]; data: ArrayLike<number> },
  i: number,
): Float64Array {
  const [height, width] = matrix.shape as [number, number];
  return Float64Array.from({ length: height }, (_, row) => matrix.data[row * width + i] as number);
}
