/** The part of the article about neurons and logits. */

import type { ModularAdditionAnalysis, NeuronAnalysis, Spectrum } from "../../analysis/index.ts";
import { topFrequencies } from "../../analysis/index.ts";
import type { NdArray } from "../../core/nd.ts";
import { bars, facets, heatmap, histogram, lines } from "../../figures/index.ts";
import { list, number, percent } from "../shared/words.ts";
import type { ReportFigure, ReportSection } from "../study.ts";
import { headNames, mapOf } from "./report-attention.ts";
import { neuronFourierFigures } from "./report-neuron-fourier.ts";

export function neuronSection(analysis: ModularAdditionAnalysis): ReportSection {
  const { neurons, summary, keyFrequencies } = analysis;
  const total = neurons.grouped.fraction.length;
  return {
    title: "Neurons multiply waves",
    prose: [
      `A neuron's activation over all pairs is a picture. Its 2-D Fourier transform says which products of waves in a and b it computes. ${percent(summary.neuronVariance)} of the variance of all neurons lies in the key frequencies ${list(keyFrequencies)} (${percent(summary.uniformNeuronVariance)} if there were no structure), and ${percent(summary.wellExplainedNeurons)} of the ${total} neurons have 85 % of their variance in a single frequency.`,
    ],
    figures: [
      ...mapFigures(neurons),
      ...neuronFourierFigures(analysis),
      sharesFigure(analysis),
      fractionFigure(neurons),
      {
        id: "neuron-sorted",
        title: "Best single frequency of each neuron, sorted",
        see: `How much of a neuron's variance its best frequency explains. The mean is ${number(summary.meanNeuronFraction)}.`,
        figure: lines({
          series: [{ name: "fraction explained", y: neurons.sortedFractions }],
          xLabel: "neuron, sorted",
          yLabel: "fraction of variance",
          references: [{ value: 0.85, label: "well explained" }],
        }),
      },
      {
        id: "neuron-histogram",
        title: "Fractions explained by one frequency",
        see: "The same numbers as a histogram: a peak on the right means neurons with one frequency each.",
        figure: histogram({
          series: [{ name: "neurons", values: neurons.sortedFractions }],
          range: [0, 1],
          xLabel: "fraction of variance",
          yLabel: "neurons",
        }),
      },
      clusterFigure(neurons, keyFrequencies),
    ],
  };
}

function mapFigures(neurons: NeuronAnalysis): ReportFigure[] {
  const columns = Math.min(neurons.shown.length, 3);
  const draw = (id: string, title: string, see: string, maps: NdArray): ReportFigure => ({
    id,
    title,
    see,
    figure: facets({ panels: panelsOf(neurons, maps), columns, xLabel: "b", yLabel: "a" }),
  });
  const before =
    neurons.preActivationMaps === null
      ? []
      : [
          draw(
            "neuron-pre",
            "Neurons before the ReLU",
            "Inputs of the first neurons for every pair: a runs down, b across. They are sums of waves in a and in b.",
            neurons.preActivationMaps,
          ),
        ];
  return [
    ...before,
    draw(
      "neuron-post",
      "Neurons after the ReLU",
      "Their activations. Cutting off the negative half turns sums of waves into products: a neuron is on where its waves in a and in b are high together.",
      neurons.maps,
    ),
    ...oneNeuron(neurons),
  ];
}

/** The first neuron alone, large enough to see its pattern. */
function oneNeuron({ shown, maps, grouped }: NeuronAnalysis): ReportFigure[] {
  const [neuron] = shown;
  if (neuron === undefined) return [];
  const frequency = grouped.frequency[neuron] as number;
  const best =
    frequency === 0
      ? "It does not depend on its input."
      : `Frequency ${frequency} explains ${percent(grouped.fraction[neuron] as number)} of its variance, more than any other.`;
  return [
    {
      id: "neuron-one",
      title: `Neuron ${neuron} after the ReLU`,
      see: `One neuron's activation for every pair. ${best}`,
      figure: heatmap({ z: mapOf(maps, 0), xLabel: "b", yLabel: "a", aspect: "equal" }),
    },
  ];
}

/** What all neurons together compute with. */
function sharesFigure({ neurons, keyFrequencies, p }: ModularAdditionAnalysis): ReportFigure {
  return {
    id: "neuron-shares",
    title: "Share of each frequency in the variance of all neurons",
    see: `Over all ${neurons.variances.length} neurons together; the key frequencies are coloured.`,
    figure: bars({
      categories: Array.from({ length: Math.floor(p / 2) }, (_, k) => k + 1),
      series: [{ name: "share of variance", values: neurons.shares }],
      highlight: [...keyFrequencies],
      xLabel: "frequency",
      yLabel: "share of variance",
    }),
  };
}

function panelsOf(neurons: NeuronAnalysis, maps: NdArray): { title: string; z: NdArray }[] {
  return neurons.shown.map((neuron, i) => ({ title: `neuron ${neuron}`, z: mapOf(maps, i) }));
}

/** Neurons sorted by their frequency, so that clusters are blocks. */
function fractionFigure({ fractions, grouped }: NeuronAnalysis): ReportFigure {
  const [freqs, width] = fractions.shape as [number, number];
  const order = Array.from({ length: width }, (_, j) => j).sort(
    (a, b) =>
      (grouped.frequency[a] as number) - (grouped.frequency[b] as number) ||
      (grouped.fraction[b] as number) - (grouped.fraction[a] as number),
  );
  const data = Float64Array.from({ length: freqs * width }, (_, at) => {
    return fractions.data[at - (at % width) + (order[at % width] as number)] as number;
  });
  return {
    id: "neuron-fractions",
    title: "Fraction of each neuron explained by each frequency",
    see: "Neurons are sorted by their preferred frequency, so clusters show as bars. Wide clear bars mean few frequencies shared by many neurons.",
    figure: heatmap({
      z: { dtype: "float64", shape: [freqs, width], data },
      y: Array.from({ length: freqs }, (_, k) => k + 1),
      xLabel: "neuron, sorted by frequency",
      yLabel: "frequency",
      sequential: true,
      aspect: "auto",
      height: 460,
    }),
  };
}

function clusterFigure(neurons: NeuronAnalysis, key: readonly number[]): ReportFigure {
  const { clusters } = neurons.grouped;
  const inKey = clusters.filter(({ frequency }) => key.includes(frequency));
  const count = inKey.reduce((sum, cluster) => sum + cluster.neurons.length, 0);
  const dead = neurons.dead.length === 0 ? "" : ` ${neurons.dead.length} neurons never change.`;
  return {
    id: "neuron-clusters",
    title: "Neurons per frequency",
    see: `${count} of ${neurons.grouped.frequency.length} neurons prefer a key frequency.${dead}`,
    figure: bars({
      categories: clusters.map(({ frequency }) => frequency),
      series: [
        { name: "at least 85 % explained", values: clusters.map((c) => c.wellExplained) },
        { name: "less", values: clusters.map((c) => c.neurons.length - c.wellExplained) },
      ],
      stacked: true,
      xLabel: "preferred frequency",
      yLabel: "neurons",
    }),
  };
}

/** "The strongest frequency is 23 in every head.", or head by head. */
function strongestOfHeads(heads: readonly Spectrum[]): string {
  const strongest = heads.map(({ shares }) => topFrequencies(shares, 1)[0] ?? 0);
  return new Set(strongest).size === 1
    ? `The strongest frequency is ${strongest[0]} in every head.`
    : `The strongest frequency is ${list(strongest.map((k, head) => `${k} in head ${head}`))}.`;
}

export function logitSection(analysis: ModularAdditionAnalysis): ReportSection {
  const { logits, summary, logitMap, neuronInput, p, keyFrequencies } = analysis;
  const frequencies = Array.from({ length: Math.floor(p / 2) }, (_, k) => k + 1);
  return {
    title: "Logits are cosines of a + b − c",
    prose: [
      `If the model computes cos w(a + b − c) for its key frequencies and adds them up, its logits must be made of these functions. ${percent(summary.logits)} of their variance is, for ${list(keyFrequencies)}.`,
    ],
    figures: [
      {
        id: "logit-cosines",
        title: "Share of the logits' variance in cos w(a + b − c)",
        see: "One bar per frequency; the key frequencies are coloured.",
        figure: bars({
          categories: frequencies,
          series: [{ name: "share of variance", values: logits.shares }],
          highlight: [...keyFrequencies],
          xLabel: "frequency",
          yLabel: "share of variance",
        }),
      },
      {
        id: "logit-map",
        title: "Frequencies of W_logit = W_out W_U",
        see: `What neurons can write to the logits; ${percent(summary.logitMap)} of its squared norm is in the key frequencies.`,
        figure: bars({
          categories: frequencies,
          series: [{ name: "norm", values: logitMap.frequencyNorms }],
          highlight: [...keyFrequencies],
          xLabel: "frequency",
          yLabel: "norm",
        }),
      },
      ...(neuronInput === null
        ? []
        : [
            {
              id: "neuron-input",
              title: "Frequencies of W_neur, head by head",
              see: `What each head can add to the neurons, W_E W_V W_O W_in. ${strongestOfHeads(neuronInput)}`,
              figure: lines({
                x: frequencies,
                series: neuronInput.map((of, head) => ({
                  name: headNames(neuronInput.length)[head] as string,
                  y: of.frequencyNorms,
                })),
                xLabel: "frequency",
                yLabel: "norm",
              }),
            },
          ]),
    ],
  };
}
