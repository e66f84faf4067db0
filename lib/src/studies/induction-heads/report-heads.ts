/** The part of the article about heads: attention, scores, composition, ablation. */

import { headNames } from "../../analysis/index.ts";
import { type NdArray, nd } from "../../core/nd.ts";
import { facets } from "../../figures/index.ts";
import { list, number, percent } from "../shared/words.ts";
import type { ReportSection } from "../study.ts";
import { headName, scoreOf, strongest } from "./heads.ts";
import type { OpenModel } from "./open.ts";
import type { InductionHeadsParams } from "./params.ts";
import type { Head } from "./pass.ts";

/** A name for use in ids: "published-" for "Published run: ". */
function slug(prefix: string): string {
  return prefix === "" ? "" : "published-";
}

export function attentionSection(prefix: string, model: OpenModel): ReportSection {
  const { example, previousHeads, inductionHeads } = model;
  const { tokens, starts, pattern } = example;
  const [layers = 0, heads = 0] = pattern.shape;
  const written = tokens.map((token, i) => `${i}: ${token}`);
  const names = Array.from({ length: layers * heads }, (_, i) =>
    headName([Math.floor(i / heads), i % heads]),
  );
  return {
    title: `${prefix}attention on one sequence`.replace(/^a/, "A"),
    prose: [
      `The same tokens begin at positions ${list(starts)}. In ${list(previousHeads.map(headName))} a line runs just below the diagonal: each token looks at the one before. In ${list(inductionHeads.map(headName))} short lines appear where a copy looks back at an earlier one, shifted by one: at what came next.`,
    ],
    figures: [
      {
        id: `${slug(prefix)}attention`,
        title: "Attention of each head",
        see: "Destination down, source across; hover for the tokens.",
        figure: facets({
          panels: names.map((title, i) => ({ title, z: square(pattern, i) })),
          x: written,
          y: written,
          columns: heads,
          xLabel: "source",
          yLabel: "destination",
          sequential: true,
          range: [0, 1],
          valueLabel: "attention",
        }),
      },
    ],
  };
}

function square({ shape, data }: NdArray, i: number): NdArray {
  const [, , dest = 0, src = 0] = shape;
  return nd("float32", [dest, src], data.slice(i * dest * src, (i + 1) * dest * src));
}

/** Small tables "layer head" side by side. */
function tables(
  panels: readonly { readonly title: string; readonly z: NdArray }[],
  labels: { readonly x: readonly string[]; readonly y: readonly string[] },
  rest: { readonly xLabel?: string; readonly valueFormat?: string; readonly valueLabel?: string },
) {
  return facets({
    panels,
    ...labels,
    columns: panels.length,
    sequential: true,
    annotate: true,
    aspect: "auto",
    panelHeight: 44 * labels.y.length + 20,
    valueFormat: ".2f",
    ...rest,
  });
}

function axes({ shape }: NdArray) {
  const [layers = 0, heads = 0] = shape;
  return {
    x: Array.from({ length: heads }, (_, head) => `H${head}`),
    y: Array.from({ length: layers }, (_, layer) => `L${layer}`),
  };
}

export function scoreSection(prefix: string, model: OpenModel): ReportSection {
  const { scores, detected, previousHeads, inductionHeads } = model;
  const best = strongest(detected.induction_head);
  const found = headName(strongest(detected.previous_token_head));
  return {
    title: `${prefix}scores of the heads`.replace(/^s/, "S"),
    prose: [
      `Where we know the copies we can say what share of its attention a head puts in the right place: ${list(previousHeads.map((head) => `${headName(head)} gives ${percent(scoreOf(scores.previous, head))}`))} to the token before, ${list(inductionHeads.map((head) => `${headName(head)} ${percent(scoreOf(scores.induction, head))}`))} to the token after the earlier occurrence.`,
      `The head detector of TransformerLens knows nothing of copies: it compares the attention on whole sequences, random tokens included, with the pattern that a kind of head would have. Its scores are lower, since most tokens of a sequence stand there once, but it needs no labels. Its best previous-token head is ${found}, its best induction head ${headName(best)} (${number(scoreOf(detected.induction_head, best))}).`,
    ],
    figures: [
      {
        id: `${slug(prefix)}scores`,
        title: "Attention in the right place",
        see: "Mean attention from the first copy to the token before; from later copies to the same token, and to the token after it.",
        figure: tables(
          [
            { title: "previous token", z: scores.previous },
            { title: "same token", z: scores.duplicate },
            { title: "induction", z: scores.induction },
          ],
          axes(scores.previous),
          { valueLabel: "attention" },
        ),
      },
      {
        id: `${slug(prefix)}detector`,
        title: "What the head detector says",
        see: "Share of all attention that falls on the pattern of each kind of head.",
        figure: tables(
          headNames.map((name) => ({ title: name, z: detected[name] })),
          axes(scores.previous),
          { valueLabel: "score" },
        ),
      },
    ],
  };
}

export function compositionSection(prefix: string, model: OpenModel): ReportSection {
  const { composition } = model;
  const previousHeads = model.previousHeads.filter(([layer]) => layer === 0);
  const inductionHeads = model.inductionHeads.filter(([layer]) => layer === 1);
  const heads = composition.k.shape[1] as number;
  const reading = previousHeads.map(([, head]) => {
    const scores = inductionHeads.map((own) => number(scoreOf(composition.k, [head, own[1]])));
    return `with L0H${head} the K-composition of ${list(inductionHeads.map(headName))} is ${list(scores)}`;
  });
  const labels = {
    x: Array.from({ length: heads }, (_, h) => headName([1, h])),
    y: Array.from({ length: heads }, (_, h) => headName([0, h])),
  };
  return {
    title: `${prefix}composition`.replace(/^c/, "C"),
    prose: [
      `How strongly does a head of layer 1 read what a head of layer 0 writes? The composition score of Elhage et al. 2021 is the norm of the product of the two matrices over the product of their norms; random weights of this size give ${number(composition.random)}. An induction head looks for positions by their predecessor, so its *keys* should read a previous-token head: ${reading.join("; ")}.`,
    ],
    figures: [
      {
        id: `${slug(prefix)}composition`,
        title: "Composition scores",
        see: "Rows: heads of layer 0 that write. Columns: heads of layer 1 that read with their queries, keys or values.",
        figure: tables(
          [
            { title: "queries", z: composition.q },
            { title: "keys", z: composition.k },
            { title: "values", z: composition.v },
          ],
          labels,
          { valueLabel: "score" },
        ),
      },
    ],
  };
}

export function ablationSection(
  prefix: string,
  { vocabulary }: Pick<InductionHeadsParams, "vocabulary">,
  { ablation, previousHeads, inductionHeads }: OpenModel,
): ReportSection {
  const { whole, zero, mean, previous, induction } = ablation;
  const alone = (heads: readonly Head[]): string =>
    heads.length === 1
      ? ""
      : ` (alone: ${list(heads.map((head) => `${headName(head)} ${number(scoreOf(mean, head))}`))})`;
  return {
    title: `${prefix}what the heads are needed for`.replace(/^w/, "W"),
    prose: [
      `Each head's output replaced by its mean at that position, or by zero. The loss on later copies is ${number(whole)} nats with all heads, and ${number(Math.log(vocabulary - 1))} when guessing. Without ${list(previousHeads.map(headName))} it is ${number(previous)}${alone(previousHeads)}, without ${list(inductionHeads.map(headName))} ${number(induction)}${alone(inductionHeads)}.`,
    ],
    figures: [
      {
        id: `${slug(prefix)}ablation`,
        title: "Loss on later copies without a head",
        see: "In nats.",
        figure: tables(
          [
            { title: "replaced by its mean", z: mean },
            { title: "replaced by zero", z: zero },
          ],
          axes(mean),
          { valueLabel: "loss (nats)" },
        ),
      },
    ],
  };
}
