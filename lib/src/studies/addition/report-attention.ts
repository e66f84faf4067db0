/** The part of the article about attention, and the hook experiment. */

import type { NdArray } from "../../core/nd.ts";
import { facets } from "../../figures/index.ts";
import { answerPositions } from "../../tasks/index.ts";
import { number, percent } from "../shared/words.ts";
import type { ReportFigure, ReportSection } from "../study.ts";
import type { OpenBatch, OpenQuestion } from "./batch.ts";
import { printedPredictions, printedQuestion } from "./printed.ts";

/** The groups of questions that are opened. */
const groups: { readonly [G in OpenQuestion["group"]]: string } = {
  first: "First questions",
  BaseAdd: "BaseAdd only",
  UseCarry1: "UseCarry1, no UseSum9",
  UseSum9: "UseSum9",
};

export function attentionSection(batch: OpenBatch): ReportSection {
  const { BaseAdd, UseCarry1, UseSum9 } = batch.kinds;
  return {
    title: "Attention",
    prose: [
      `Batch ${batch.number} was never trained on: ${BaseAdd} of its questions need no carry, ${UseCarry1} use carries but none through a nine, ${UseSum9} do. Each map has the tokens of its own question; rows attend to columns, and the rows from = on predict the digits of the sum.`,
    ],
    figures: batch.questions.map(figureOf),
  };
}

function figureOf({ written, pattern, group }: OpenQuestion, i: number): ReportFigure {
  const heads = pattern.shape[0] as number;
  const tokens = [...written];
  return {
    id: `attention-${i}`,
    title: `${groups[group]}: ${written}`,
    see: "Attention of each head: destination down, source across.",
    figure: facets({
      panels: Array.from({ length: heads }, (_, head) => ({
        title: `head ${head}`,
        z: headOf(pattern, head),
      })),
      x: tokens,
      y: tokens,
      columns: Math.min(heads, 2),
      xLabel: "source",
      yLabel: "destination",
      sequential: true,
      range: [0, 1],
    }),
  };
}

function headOf({ shape, data }: NdArray, head: number): NdArray {
  const [, dest, src] = shape as [number, number, number];
  const size = dest * src;
  return {
    dtype: "float32",
    shape: [dest, src],
    data: data.slice(head * size, (head + 1) * size),
  };
}

/** The tokens at positions that are never trained, beside those that seed 001 printed. */
function comparison(question: string, predictions: readonly number[]): string {
  if (question !== printedQuestion) return "";
  const asked = answerPositions((predictions.length - 3) / 3);
  const others = predictions.map((_, i) => i).filter((i) => !asked.includes(i));
  const same = others.filter((i) => predictions[i] === printedPredictions[i]);
  return ` Of the ${others.length} other positions, which are never trained, ${same.length} have the tokens that seed 001 printed.`;
}

export function hookSection({ number: which, first, predictions, hook }: OpenBatch): ReportSection {
  const length = predictions.length;
  const asked = (length - 3) / 3 + 1;
  const answer = predictions.slice(length - 1 - asked, length - 1).join("");
  return {
    title: "The hook experiment",
    prose: [
      `On the first question of batch ${which}, \`${first}\`, the model's most likely tokens are \`${predictions.join(" ")}\`. The prediction for a position stands one place before it, so the answer is read there: \`${answer}\`.${comparison(first, predictions)}`,
      `A hook at \`blocks.0.attn.hook_pattern\` that multiplies the attention by 0 changes the logits of this batch by up to ${number(hook.largestChange)}. The loss rises from ${number(hook.with.loss)} to ${number(hook.without.loss)} nats, and the share of right answers falls from ${percent(hook.with.answers)} to ${percent(hook.without.answers)}: without attention each digit sees nothing but its own token and position.`,
    ],
    figures: [],
  };
}
