/** The part of an article about neurons: which waves each one holds. */

import { fourierBasis } from "../../../analysis/fourier/index.ts";
import {
  type Block,
  claim,
  explore,
  figure,
  headline,
  isMost,
  mechanism,
  percent,
  plural,
  prose,
  type Reference,
  section,
} from "../../../article/index.ts";
import type { NdArray } from "../../../core/nd.ts";
import { bars, facets, heatmap, histogram, lines } from "../../../figures/index.ts";
import type { Opened } from "./inside.ts";
import { type Circuit, neurons } from "./measure.ts";
import { checkedIndex, frequenciesOf, keyOnes, mapOf, range, withChance } from "./words.ts";

/** Neurons of the paper's network with 85 % of their variance in one frequency (section 4.3), and all. */
const [paperClear, paperTotal] = [433, 512];

/** `besides` is said of the neurons in the same paragraph. */
export async function* theNeurons(opened: Opened, besides = ""): AsyncGenerator<Block> {
  const { study, seen, view } = opened;
  const { summary: s, keyFrequencies: key, neurons: n } = seen;
  const clear = Math.round(s.wellExplainedNeurons * n.total);
  const share = withChance(s.neuronVariance, s.uniformNeuronVariance);
  yield section(
    headline(
      mechanism(
        "neurons-in-key",
        isMost(s.neuronVariance, s.uniformNeuronVariance),
        "The neurons compute with waves of the key frequencies",
        "",
      ),
      "The neurons",
    ),
  );
  yield prose(
    `The 2-D Fourier transform of a neuron's activation over all pairs says which waves of a and b, and which products of them, it holds. Of the variance of all neurons ${share} lies in ${keyOnes(key)}. ${clear} of the ${n.total} neurons have at least 85 % of their variance in a single frequency ([](#neuron-fractions))`,
    mechanism(
      "one-frequency",
      s.wellExplainedNeurons >= paperClear / paperTotal,
      `, no smaller a share than in the network of Nanda et al. (${paperClear} of ${paperTotal}).`,
      `, a smaller share than in the network of Nanda et al. (${paperClear} of ${paperTotal}).`,
    ),
    n.dead.length === 0
      ? ""
      : ` ${plural(n.dead.length, "neuron never changes", "neurons never change")}.`,
    besides,
  );
  const shown = representatives(seen);
  if (shown.length > 0) yield* chosen(opened, shown);
  const neuron = checkedIndex(`${study}: neuron`, view.neuron ?? shown[0] ?? 0, n.total);
  yield await eachNeuron(opened, shown, neuron);
  yield* allNeurons(seen);
  yield clusterFigure(seen);
}

/** The clearest neuron of each of the six largest clusters. */
function representatives({ neurons: { grouped } }: Circuit): number[] {
  const clearest = (a: number, b: number) =>
    (grouped.fraction[b] as number) > (grouped.fraction[a] as number) ? b : a;
  return [...grouped.clusters]
    .sort((a, b) => b.neurons.length - a.neurons.length)
    .slice(0, 6)
    .map((cluster) => cluster.neurons.reduce(clearest));
}

/** The share of one frequency in the variance of a neuron without structure: 8 of p² − 1 components. */
export const chanceOfOne = (p: number): number => 8 / (p ** 2 - 1);

/** The map with a largest magnitude of 1, so that weak neurons are seen as well as strong ones. */
function scaled({ shape, data }: NdArray): NdArray {
  const most = Math.max(1e-30, ...Array.from(data, Math.abs));
  return { dtype: "float32", shape, data: Float32Array.from(data, (value) => value / most) };
}

async function* chosen(
  { snapshot, seen }: Opened,
  shown: readonly number[],
): AsyncGenerator<Block> {
  const maps = await snapshot.measure(neurons, shown);
  const { frequency } = seen.neurons.grouped;
  const panels = (of: NdArray, part: (z: NdArray) => NdArray = (z) => z) =>
    shown.map((neuron, i) => ({
      title: `neuron ${neuron}, frequency ${frequency[neuron]}`,
      z: scaled(part(mapOf(of, i))),
    }));
  const grid = { columns: Math.min(3, shown.length), xLabel: "b", yLabel: "a" };
  const which =
    "The clearest neuron of each of the largest clusters, for every pair: a runs down, b across, each scaled to its own largest value.";
  yield figure(
    "neuron-pre",
    "Neurons before the ReLU",
    which,
    facets({ panels: panels(maps.pre), ...grid }),
    { folded: true },
  );
  yield figure(
    "neuron-post",
    "Neurons after the ReLU",
    which,
    facets({ panels: panels(maps.post), ...grid, sequential: true }),
  );
  yield sharesAgree(seen, shown, maps.transformed);
  if (seen.keyFrequencies.length === 0) return;
  const { names, frequencies } = fourierBasis(seen.p);
  const kept = frequencies.flatMap((k, i) =>
    k === 0 || seen.keyFrequencies.includes(k) ? [i] : [],
  );
  const labels = kept.map((i) => names[i] as string);
  yield figure(
    "neuron-fourier",
    "The same neurons in the 2-D Fourier basis",
    "Components of the key frequencies only: of a down, of b across; the constant is left out.",
    facets({
      panels: panels(maps.transformed, (z) => partOf(z, kept)),
      ...{ columns: grid.columns, x: labels, y: labels },
      ...{ xLabel: "component of b", yLabel: "component of a" },
    }),
    { folded: true },
  );
}

const parseval: Reference = {
  kind: "theorem",
  paper: "Parseval's identity",
  at: "a function and its Fourier transform have the same norm",
};

/** The shares of the neurons' frequencies, from their pictures and as they were counted for all neurons. */
function sharesAgree(
  { p, neurons: n }: Circuit,
  shown: readonly number[],
  pictures: NdArray,
): Block {
  const { frequencies } = fourierBasis(p);
  const energy = ({ data }: NdArray) => Array.from(data).reduce((sum, x) => sum + x * x, 0);
  const off = shown.map((neuron, i) => {
    const k = n.grouped.frequency[neuron] as number;
    const block = frequencies.flatMap((of, at) => (of === 0 || of === k ? [at] : []));
    const picture = mapOf(pictures, i);
    const share = energy(partOf(picture, block)) / energy(picture);
    return Math.abs(share - (n.grouped.fraction[neuron] as number));
  });
  return claim(
    "neurons-counted-twice",
    "largest difference in a shown neuron's share of variance at its frequency, from its picture and as counted",
    parseval,
    0,
    Math.max(...off),
    { within: 1e-5, why: "pictures are kept in float32" },
  );
}

/** The chosen rows and columns of a square matrix. */
function partOf({ dtype, shape, data }: NdArray, kept: readonly number[]): NdArray {
  const width = shape[1] as number;
  const values = kept.flatMap((row) => kept.map((column) => data[row * width + column] as number));
  return { dtype, shape: [kept.length, kept.length], data: Float32Array.from(values) };
}

/** Each of some neurons, large enough to see its pattern. */
async function eachNeuron(
  { snapshot, seen }: Opened,
  shown: readonly number[],
  neuron: number,
): Promise<Block> {
  const values = [...new Set([...shown, neuron])];
  const maps = await snapshot.measure(neurons, values);
  const { names } = fourierBasis(seen.p);
  const { frequency, fraction } = seen.neurons.grouped;
  const chance = chanceOfOne(seen.p);
  return explore("neuron", values, neuron, function* (one) {
    yield figure(
      "neuron-one",
      `Neuron ${one} after the ReLU`,
      frequency[one] === 0
        ? "It does not depend on its input."
        : `Frequency ${frequency[one]} explains ${withChance(fraction[one] ?? 0, chance)} of its variance, more than any other.`,
      heatmap({
        ...{ z: mapOf(maps.post, values.indexOf(one)), xLabel: "b", yLabel: "a" },
        ...{ aspect: "equal", sequential: true, valueLabel: "activation" },
      }),
    );
    yield figure(
      "neuron-one-fourier",
      `Neuron ${one} in the whole 2-D Fourier basis`,
      "Every component of a and b but the constant.",
      heatmap({
        ...{ z: mapOf(maps.transformed, values.indexOf(one)), x: names, y: names, aspect: "equal" },
        ...{ xLabel: "component of b", yLabel: "component of a" },
      }),
      { folded: true },
    );
  });
}

function* allNeurons({ neurons: n, summary, keyFrequencies: key, p }: Circuit): Generator<Block> {
  yield fractionFigure(n, p);
  yield figure(
    "neuron-shares",
    "Share of each frequency in the variance of all neurons",
    "The key frequencies are colored.",
    bars({
      categories: frequenciesOf(p),
      series: [{ name: "share of variance", values: n.shares }],
      ...{ xLabel: "frequency", yLabel: "share of variance", highlight: [...key] },
    }),
    { folded: true },
  );
  yield figure(
    "neuron-sorted",
    "Best single frequency of each neuron, sorted",
    `The mean over the ${n.total - n.dead.length} neurons that change is ${percent(summary.meanNeuronFraction)}; by chance one frequency has ${percent(chanceOfOne(p))}.`,
    lines({
      series: [{ name: "fraction explained", y: n.sortedFractions }],
      ...{ xLabel: "neuron, sorted", yLabel: "fraction of variance", xIsIndex: true },
      references: [{ value: 0.85, label: "85 %" }],
    }),
    { folded: true },
  );
  yield figure(
    "neuron-histogram",
    "Fractions explained by one frequency",
    "The same numbers as a histogram.",
    histogram({
      series: [{ name: "neurons", values: n.sortedFractions }],
      ...{ range: [0, 1], xLabel: "fraction of variance", yLabel: "neurons" },
    }),
    { folded: true },
  );
}

/** Neurons sorted by their frequency, so that clusters are blocks; every column keeps its neuron's number. */
function fractionFigure({ fractions, grouped, total }: Circuit["neurons"], p: number): Block {
  const { frequency, fraction } = grouped;
  const of = (list: readonly number[], neuron: number) => list[neuron] as number;
  const order = range(total).sort(
    (a, b) => of(frequency, a) - of(frequency, b) || of(fraction, b) - of(fraction, a),
  );
  const sorted = Float32Array.from(fractions.data, (_, i) => {
    const column = i % total;
    return fractions.data[i - column + (order[column] as number)] as number;
  });
  return figure(
    "neuron-fractions",
    "Fraction of each neuron explained by each frequency",
    "Sorted by preferred frequency: a cluster is a bar. The columns are named after their neurons, to be looked at one by one.",
    heatmap({
      ...{ z: { dtype: "float32", shape: fractions.shape, data: sorted }, y: frequenciesOf(p) },
      ...{ x: order.map(String), xLabel: "neuron", yLabel: "frequency", sequential: true },
      ...{ aspect: "auto", height: 460 },
    }),
  );
}

function clusterFigure({ neurons: n, keyFrequencies: key, p }: Circuit): Block {
  const { clusters } = n.grouped;
  const inKey = clusters
    .filter(({ frequency }) => key.includes(frequency))
    .reduce((sum, own) => sum + own.neurons.length, 0);
  return figure(
    "neuron-clusters",
    "Neurons per frequency",
    `${inKey} of ${n.total} neurons prefer a key frequency (${Math.round((n.total * key.length) / Math.floor(p / 2))} by chance).`,
    bars({
      categories: clusters.map(({ frequency }) => frequency),
      series: [
        { name: "at least 85 % explained", values: clusters.map((own) => own.wellExplained) },
        { name: "less", values: clusters.map((own) => own.neurons.length - own.wellExplained) },
      ],
      ...{ stacked: true, xLabel: "preferred frequency", yLabel: "neurons" },
    }),
    { folded: true },
  );
}
