/** The parts of the article with maps over all pairs: neurons, logits, and the weights. */

import { bars, facets, heatmap } from "../../figures/index.ts";
import { count, number, percent } from "../shared/words.ts";
import type { ReportFigure, ReportSection } from "../study.ts";
import type { LogitPicture, Pictures } from "./pictures.ts";
import type { Shown } from "./report-representations.ts";

export function neuronSection({ opened, prefix, whose }: Shown): ReportSection {
  const { neurons, pictures } = opened;
  const alive = neurons.belongsTo.filter((name) => name !== "");
  const names = [...new Set(alive)].sort((a, b) => counted(alive, b) - counted(alive, a));
  const mean = neurons.best.reduce((sum, x) => sum + x, 0) / Math.max(1, alive.length);
  return {
    title: `Neurons of ${whose}`,
    prose: [
      `${count(alive.length)} of ${count(neurons.belongsTo.length)} neurons ever change. The representation a neuron belongs to holds, on average, ${percent(mean)} of its variance over all pairs in functions of a, of b and of ab.`,
    ],
    figures: [
      {
        id: `${prefix}neuron-counts`,
        title: "Neurons by representation",
        see: "How many neurons have most of their variance in each representation.",
        figure: bars({
          categories: names.slice(0, 16),
          series: [
            { name: "neurons", values: names.slice(0, 16).map((name) => counted(alive, name)) },
          ],
          yLabel: "neurons",
        }),
      },
      ...(pictures === null ? [] : [neuronMaps(pictures, prefix)]),
    ],
  };
}

function counted(list: readonly string[], name: string): number {
  return list.filter((one) => one === name).length;
}

function neuronMaps({ neurons }: Pictures, prefix: string): ReportFigure {
  return {
    id: `${prefix}neurons`,
    title: "Neurons over all pairs",
    see: "Activations of the neurons that seed 003 draws, with the representation that holds most of each neuron's variance. A sign neuron sees only the parity of a and b: its map has two values per row.",
    figure: facets({
      panels: neurons.map(({ neuron, irrep, share, map }) => ({
        title: irrep === "" ? `${neuron}: never changes` : `${neuron}: ${irrep} ${percent(share)}`,
        z: map,
      })),
      columns: 4,
      xLabel: "b",
      yLabel: "a",
      valueLabel: "activation",
      sequential: true,
    }),
  };
}

/** The weights, and the logits beside the trace hypothesis. */
export function logitSections({ opened, prefix, whose, group }: Shown): ReportSection[] {
  const { pictures, natural, keyTrace } = opened;
  if (pictures === null) return [];
  const weighted =
    keyTrace === null
      ? ""
      : ` With the characters of the key representations, weighted as the logits have them, the cosine is ${number(keyTrace.cosine)} and the fraction ${percent(keyTrace.fraction)}.`;
  return [
    {
      title: `Logits of ${whose} and the trace`,
      prose: [
        `Hypothesis: the logit of c is the trace of ρ(a)ρ(b)ρ(c)⁻¹, here of the permutation matrices, which counts the fixed points of abc⁻¹. Cosine with the logits, averaged over the pairs: ${number(natural.cosine)}; after softmax ${number(natural.softmaxCosine)}; fraction of the logits' squares explained: ${percent(natural.fraction)}.${weighted} Each row is centred over the answers first, since softmax does not see a constant.`,
      ],
      figures: [
        {
          id: `${prefix}logits`,
          title: "Logits over all pairs",
          see: `The logit of each of the first ${pictures.byAnswer.length} answers, for every a (down) and b (across). Each row and column has one blue cell: the pair whose product is that answer.`,
          figure: facets({
            panels: pictures.byAnswer.map(({ element, raw }) => ({
              title: `logit ${element}: ${group.labels[element]}`,
              z: raw,
            })),
            columns: 4,
            xLabel: "b",
            yLabel: "a",
            valueLabel: "logit (nats)",
          }),
        },
        comparisonFigure(pictures.byAnswer, {
          id: `${prefix}logits-hypothesis`,
          title: "Real and hypothesised logits, one answer",
          what: "answer",
          xLabel: "b",
          yLabel: "a",
        }),
        comparisonFigure(pictures.byFirst, {
          id: `${prefix}logits-hypothesis-first`,
          title: "Real and hypothesised logits, a fixed",
          what: "a =",
          xLabel: "c",
          yLabel: "b",
        }),
      ],
    },
    weightSection(pictures, prefix, whose),
  ];
}

function comparisonFigure(
  pictures: readonly LogitPicture[],
  {
    id,
    title,
    what,
    xLabel,
    yLabel,
  }: { id: string; title: string; what: string; xLabel: string; yLabel: string },
): ReportFigure {
  return {
    id,
    title,
    see: "Pairs of maps: the centred logits, and beside them the centred trace of the permutation matrices, scaled by one factor to fit. The trace finds the right cells; what it misses are the other representations and their weights.",
    figure: facets({
      panels: pictures.flatMap(({ element, real, hypothesis }) => [
        { title: `${what} ${element}`, z: real },
        { title: `hypothesis`, z: hypothesis },
      ]),
      columns: 4,
      xLabel,
      yLabel,
      valueLabel: "logit (nats)",
    }),
  };
}

function weightSection({ weights }: Pictures, prefix: string, whose: string): ReportSection {
  return {
    title: `Weights of ${whose}`,
    prose: [
      "In the basis of the computer they look like noise: what they compute shows only in the basis of the group.",
    ],
    figures: weights
      .filter(({ array }) => array.shape.length === 2)
      .map(({ name, what, array }) => ({
        id: `${prefix}weights-${name.replaceAll(".", "-").toLowerCase()}`,
        title: `${name}: ${what}`,
        see: `Shape ${array.shape.join(" × ")}.`,
        figure: heatmap({
          z: array,
          xLabel: "column",
          yLabel: "row",
          valueLabel: "weight",
          aspect: "auto",
          height: (array.shape[0] as number) > 200 ? 480 : 320,
        }),
      })),
  };
}
