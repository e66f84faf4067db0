/** The parts of the article about representations in weights and activations. */

import type { RepresentationMetrics } from "../../analysis/index.ts";
import { bars, heatmap, lines, markup, scatter } from "../../figures/index.ts";
import { list, number, percent } from "../shared/words.ts";
import type { ReportFigure, ReportSection } from "../study.ts";
import type { OpenedModel } from "./open.ts";
import type { GroupSummary } from "./results.ts";

/** A model that is shown, and how its figures and sentences tell it from others. */
export interface Shown {
  readonly opened: OpenedModel;
  readonly group: GroupSummary;
  /** Starts the ids of its figures. */
  readonly prefix: string;
  /** Whether the split of `opened` is the one that the weights were trained on. */
  readonly dataKnown: boolean;
  /** "the network", "the checkpoint of seed 003". */
  readonly whose: string;
}

/** Bars for so many representations at most; the largest. */
const MOST_BARS = 16;

export function representationSection({ opened, prefix, whose, dataKnown }: Shown): ReportSection {
  const { analysis } = opened;
  const shown = largest(analysis.representations);
  const { explained, losses, performance } = analysis;
  const rest = analysis.representations.length - shown.length;
  return {
    title: `Which representations ${whose} uses`,
    prose: [
      `A representation ρ counts as learned (*key*) when the cosine between the logits and χ(abc⁻¹), the trace of ρ(a)ρ(b)ρ(c)⁻¹, is above 0.005. Here those are ${list(analysis.keyRepresentations)}. Together they explain ${percent(explained.embedA)} of the folded embedding of a, ${percent(explained.embedB)} of that of b, ${percent(explained.unembed)} of the unembedding, and ${percent(explained.hidden)} of the variance of the hidden layer; ${percent(explained.hiddenAB)} of it depends on the product ab alone, which is what the answer needs.`,
      dataKnown
        ? `Test loss ${number(performance.loss.test)}; with only the key representations of ab in the hidden layer ${number(losses.hiddenRestricted)} (all pairs), without them ${number(losses.hiddenExcluded)} (training pairs). At the level of logits: ${number(losses.logitRestricted ?? Number.NaN)} and ${number(losses.logitExcluded ?? Number.NaN)}.`
        : `Loss on all pairs ${number(performance.loss.all)}; with only the key representations of ab in the hidden layer ${number(losses.hiddenRestricted)}, in the logits ${number(losses.logitRestricted ?? Number.NaN)}.`,
    ],
    figures: [
      {
        id: `${prefix}representations`,
        title: "Shares by representation",
        see: `Cosine with the logits, and shares of squares of embeddings, unembedding and hidden layer.${rest > 0 ? ` The ${rest} representations with the smallest shares are left out.` : ""}`,
        figure: bars({
          categories: shown.map(({ name }) => name),
          series: [
            { name: "logits (cosine)", values: shown.map((one) => one.logitSimilarity ?? 0) },
            { name: markup`W<sub>a</sub>`, values: shown.map(({ embedA }) => embedA) },
            { name: markup`W<sub>b</sub>`, values: shown.map(({ embedB }) => embedB) },
            { name: markup`W<sub>U</sub>`, values: shown.map(({ unembed }) => unembed) },
            {
              name: "hidden",
              values: shown.map((one) => one.hiddenA + one.hiddenB + one.hiddenAB),
            },
          ],
          yLabel: "share, cosine",
        }),
      },
      lossFigure(shown, prefix),
    ],
  };
}

function largest(all: readonly RepresentationMetrics[]): readonly RepresentationMetrics[] {
  if (all.length <= MOST_BARS) return all;
  const size = (one: RepresentationMetrics): number =>
    Math.max(one.logitSimilarity ?? 0, one.embedA, one.unembed);
  const kept = new Set([...all].sort((a, b) => size(b) - size(a)).slice(0, MOST_BARS));
  return all.filter((one) => kept.has(one));
}

function lossFigure(shown: readonly RepresentationMetrics[], prefix: string): ReportFigure {
  return {
    id: `${prefix}representation-losses`,
    title: "Loss with one representation alone, and without it",
    see: "Restricted: loss on all pairs when the hidden layer keeps only ρ(ab) of one representation. Excluded: loss on the training pairs when that is taken away. A representation matters the more, the farther it is to the left and the higher it stands.",
    figure: scatter({
      groups: [
        {
          name: "representations",
          x: shown.map(({ losses }) => losses.hiddenRestricted),
          y: shown.map(({ losses }) => losses.hiddenExcluded),
          labels: shown.map(({ name }) => name),
        },
      ],
      xLabel: "restricted loss (nats)",
      yLabel: "excluded loss (nats)",
      showLabels: true,
      logX: true,
      logY: true,
    }),
  };
}

export function embeddingSection({ opened, prefix, whose, group }: Shown): ReportSection {
  const { embedding, lowRank } = opened;
  const { a } = embedding;
  const large = a.belongsTo.slice(0, lowRank.rank);
  const functionsOf = (name: string): number =>
    group.irreps.find((irrep) => irrep.name === name)?.functions ?? 0;
  const parts = [...new Set(large)].map(
    (name) => `${large.filter((one) => one === name).length} of ${functionsOf(name)} of ${name}`,
  );
  return {
    title: `The embedding of ${whose}`,
    prose: [
      `The embedding of a has ${lowRank.rank} singular values that stand out. Their left singular vectors are functions on the group; counted by the representation that holds most of each, beside the number of functions that representation has, they are ${list(parts)}. Loss on all pairs: ${number(lowRank.full)}; with only those ${lowRank.rank} singular values kept in both embeddings: ${number(lowRank.reduced)}.`,
    ],
    figures: [
      {
        id: `${prefix}singular-values`,
        title: "Singular values of both embeddings",
        see: `After number ${lowRank.rank} they drop from ${number(a.singularValues[lowRank.rank - 1] ?? 0)} to ${number(a.singularValues[lowRank.rank] ?? 0)}.`,
        figure: lines({
          series: [
            { name: "W_E of a", y: a.singularValues, points: "with line" },
            { name: "W_E of b", y: embedding.b.singularValues, points: "with line" },
          ],
          x: a.singularValues.map((_, i) => i + 1),
          xLabel: "number",
          yLabel: "singular value",
        }),
      },
      {
        id: `${prefix}singular-vectors`,
        title: "Left singular vectors by representation",
        see: "Share of each left singular vector of the embedding of a in the functions of each representation. The large ones each belong to one.",
        figure: heatmap({
          z: a.shares,
          x: group.irreps.map(({ name }) => name),
          y: a.singularValues.map((_, i) => String(i + 1)),
          xLabel: "representation",
          yLabel: "singular vector",
          valueLabel: "share",
          sequential: true,
          range: [0, 1],
          aspect: "auto",
          height: 480,
        }),
      },
    ],
  };
}
