/** The part of an article about the embedding: how many directions, which frequencies. */

import { fourierBasis } from "../../../analysis/fourier/index.ts";
import { gram, rows } from "../../../analysis/linalg/index.ts";
import {
  type Block,
  figure,
  formula,
  headline,
  isMost,
  list,
  mechanism,
  number,
  plural,
  prose,
  section,
} from "../../../article/index.ts";
import type { NdArray } from "../../../core/nd.ts";
import { bars, heatmap, lineFacets, lines } from "../../../figures/index.ts";
import type { Opened } from "./inside.ts";
import type { Before, Circuit } from "./measure.ts";
import { columnOf, frequenciesOf, keyOnes, range, withChance } from "./words.ts";

export function* embedding({ seen, before }: Opened): Generator<Block> {
  const { summary, keyFrequencies: key, found } = seen;
  const both = found.embedding.filter((k) => key.includes(k));
  const share = withChance(summary.embedding, summary.uniform);
  yield section(
    headline(
      mechanism(
        "few-circles",
        isMost(summary.embedding, summary.uniform),
        "The embedding is a few circles",
        "",
      ),
      "The embedding",
    ),
  );
  yield prose(
    "Singular values say how many directions the embedding uses ([](#singular-values)), the Fourier basis says which ([](#frequency-norms)). A frequency is called *key* when it holds at least twice its chance share of the unembedding's squared norm at the last checkpoint. ",
    mechanism(
      "stand-out",
      key.length > 0,
      `${plural(key.length, "frequency does", "frequencies do")}: ${list(key)}. Their share of the embedding's squared norm (the constant left out) is ${share}. `,
      "None does. ",
    ),
    mechanism(
      "agree",
      key.length === 0 ? undefined : both.length === key.length,
      "By the same rule the embedding has them too.",
      `By the same rule ${both.length} of these ${key.length} stand out in the embedding, where it finds ${list(found.embedding)}.`,
    ),
  );
  yield* singular(seen, before);
  yield* spectra(seen, before);
}

const drop = (S: readonly number[]): number => (S[0] ?? 0) / (S[Math.floor(S.length / 2)] ?? 1);

function* singular({ embedding: e, p }: Circuit, before: Before | undefined): Generator<Block> {
  const [now, then] = [drop(e.S), drop(before?.S ?? [])];
  yield figure(
    "singular-values",
    "Singular values of the embedding",
    [
      `The largest is ${number(now)} times the middle one. `,
      mechanism(
        "low-rank",
        before === undefined ? undefined : now > 3 * then,
        `Before training it was ${number(then)} times: training has more than tripled it, by putting the embedding into fewer directions.`,
        `Before training it was ${number(then)} times: training has not tripled it.`,
      ),
    ],
    lines({
      series: [
        { name: "W_E", y: e.S, points: "with line" },
        ...(before === undefined ? [] : [{ name: "before training", y: before.S, faint: true }]),
        ...(e.control === null ? [] : [{ name: "random Gaussian", y: e.control.S, faint: true }]),
      ],
      ...{ xLabel: "index", yLabel: "singular value", xIsIndex: true },
    }),
    { folded: true },
  );
  yield figure(
    "singular-vectors",
    "The first left singular vectors of the embedding",
    "Each is a function of the input number.",
    lineFacets({
      panels: range(Math.min(15, e.S.length)).map((i) => ({
        title: `vector ${i}`,
        series: [{ name: "U", y: columnOf(e.U, i), color: 0 }],
      })),
      ...{ columns: 3, panelHeight: 120, xLabel: "input number" },
    }),
    { folded: true },
  );
  yield vectors("singular-heat", "All left singular vectors", e.U, p);
  if (e.control === null) return;
  yield vectors("singular-heat-control", "The same of a random Gaussian matrix", e.control.U, p);
}

function vectors(id: string, title: string, z: NdArray, p: number): Block {
  return figure(
    id,
    title,
    "Rows are input numbers, columns singular vectors, in falling order of their values.",
    heatmap({
      ...{ z, xLabel: "singular vector", yLabel: "input number" },
      ...{ aspect: "auto", height: Math.min(620, 120 + 4 * p) },
    }),
    { folded: true },
  );
}

function* spectra(seen: Circuit, before: Before | undefined): Generator<Block> {
  const { embedding: e, keyFrequencies: key, p } = seen;
  const { names, frequencies } = fourierBasis(p);
  yield figure(
    "frequency-norms",
    "Norm of each frequency in embedding and unembedding",
    "Sine and cosine of a frequency together.",
    bars({
      categories: frequenciesOf(p),
      series: [
        { name: "W_E", values: e.spectrum.frequencyNorms },
        { name: "W_U", values: seen.unembedding.frequencyNorms },
        ...(before === undefined
          ? []
          : [{ name: "W_E before training", values: before.frequencyNorms }]),
      ],
      ...{ xLabel: "frequency", yLabel: "norm" },
    }),
  );
  yield figure(
    "embedding-fourier",
    "The embedding in the Fourier basis",
    "One row per wave, one column per direction of the residual stream.",
    heatmap({
      ...{ z: e.transformed, y: names, xLabel: "d_model", yLabel: "Fourier component" },
      ...{ aspect: "auto", height: 620 },
    }),
    { folded: true },
  );
  yield figure(
    "component-norms",
    "Norm of each Fourier component of the embedding",
    `The lengths of the rows above, sine and cosine apart; those of ${keyOnes(key)} are colored.`,
    bars({
      ...{ categories: names, series: [{ name: "W_E", values: e.spectrum.norms }], labels: false },
      highlight: names.filter((_, i) => key.includes(frequencies[i] ?? 0)),
      ...{ xLabel: "Fourier component", yLabel: "norm" },
    }),
    { folded: true },
  );
}

/** The basis itself, and how the key components of the embedding lie to each other. */
export function* waves({ seen }: Opened): Generator<Block> {
  const { p, keyFrequencies: key } = seen;
  const { matrix, names } = fourierBasis(p);
  yield section("The waves");
  yield prose(
    "An answer can be read off by *constructive interference*: $\\cos w(a + b - c)$ of several frequencies $w = 2\\pi k / p$ is added up, and all peak where c is a + b. To make waves of a + b out of waves of a and of b takes products of these:",
  );
  yield formula(
    "\\cos w(a + b) = \\cos wa \\cos wb - \\sin wa \\sin wb, \\quad \\sin w(a + b) = \\sin wa \\cos wb + \\cos wa \\sin wb",
  );
  yield figure(
    "fourier-basis",
    "The Fourier basis",
    "Rows are waves over the input numbers: the constant, then cosine and sine of each frequency.",
    heatmap({
      ...{ z: matrix, y: names, xLabel: "input number", yLabel: "component" },
      ...{ aspect: "auto", height: 560 },
    }),
    { folded: true },
  );
  yield figure(
    "fourier-waves",
    "Some of its waves",
    "The first are slow, later ones fast.",
    lineFacets({
      panels: [0, 1, 2, 3, 4, 5, 6, 7, 25, 26, 27, 28]
        .filter((i) => i < names.length)
        .map((i) => ({
          title: names[i] ?? "",
          series: [{ name: "wave", y: rows("basis", matrix, i, i + 1).data, color: 0 }],
        })),
      ...{ columns: 3, panelHeight: 110, xLabel: "input number" },
    }),
    { folded: true },
  );
  yield figure(
    "basis-gram",
    "Dot products of the basis with itself",
    "The identity: norms in this basis are norms.",
    heatmap({ z: gram(matrix), x: names, y: names, aspect: "equal" }),
    { folded: true },
  );
  if (key.length > 0) yield* keyWaves(seen);
}

/** The largest cosine, in magnitude, between the directions of two key waves in the embedding. */
export function largestOverlap({ names, cosines }: Circuit["embedding"]["products"]): number {
  return cosines.data.reduce(
    (most, value, i) => (i % (names.length + 1) === 0 ? most : Math.max(most, Math.abs(value))),
    0,
  );
}

function* keyWaves({ embedding, interference, keyFrequencies: key }: Circuit): Generator<Block> {
  const { names: x, dots, cosines } = embedding.products;
  const width = embedding.transformed.shape[1] as number;
  yield figure(
    "key-dots",
    "Dot products of the key components of the embedding",
    "On the diagonal their squared norms.",
    heatmap({ z: dots, x, y: x, aspect: "equal" }),
    { folded: true },
  );
  yield figure(
    "key-products",
    "Cosines between the key components of the embedding",
    `The same without the norms. The largest overlap of two is ${number(largestOverlap(embedding.products))}; two random directions out of ${width} overlap by about ${number(1 / Math.sqrt(width))}.`,
    heatmap({ z: cosines, x, y: x, range: [-1, 1], aspect: "equal" }),
    { folded: true },
  );
  const peak = interference.mean[0] ?? 1;
  const next = Math.max(...interference.mean.slice(1)) / peak;
  const scaled = (y: ArrayLike<number>) => Array.from(y, (value) => value / peak);
  yield figure(
    "key-cosines",
    "The cosines of the key frequencies",
    `${plural(key.length, "wave")}, all 1 where c is a + b.`,
    lineFacets({
      panels: interference.names.map((title, i) => ({
        title,
        series: [
          {
            name: "cosine",
            y: scaled(rows("cosines", interference.cosines, i, i + 1).data),
            color: 0,
          },
        ],
      })),
      ...{ columns: 3, panelHeight: 110, xLabel: "a + b − c" },
    }),
    { folded: true },
  );
  yield figure(
    "interference",
    "Their mean: constructive interference",
    `Of the cosines alone, unweighted: the next best place reaches ${number(next)} of the peak at 0.`,
    lines({
      series: [{ name: "mean", y: scaled(interference.mean) }],
      ...{ xLabel: "a + b − c", yLabel: "mean cosine", xIsIndex: true },
    }),
    { folded: true },
  );
}
