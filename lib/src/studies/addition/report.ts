import { bars, heatmap } from "../../figures/index.ts";
import { digitCases } from "../../tasks/index.ts";
import { count, list, number, percent } from "../shared/words.ts";
import type { ReportSection } from "../study.ts";
import type { AdditionStudyParams } from "./params.ts";
import { attentionSection, hookSection } from "./report-attention.ts";
import { ablationSection, componentSection, phaseSection } from "./report-circuit.ts";
import { lossSections } from "./report-losses.ts";
import type { AdditionResults } from "./results.ts";
import { type Hits, type SumScores, shareOf } from "./scores.ts";

export function report(params: AdditionStudyParams, results: AdditionResults): ReportSection[] {
  const { curves, phases, batch, scores, circuit, published } = results;
  return [
    summary(params, scores),
    ...(curves === null ? [] : lossSections(params, curves, phases)),
    scoreSection("How well it adds", "final", scores),
    attentionSection(batch),
    hookSection(batch),
    componentSection(circuit),
    ablationSection(circuit),
    ...phaseSection(circuit, phases),
    ...(published === null
      ? []
      : [scoreSection("The published model of five-digit addition", "published", published)]),
  ];
}

function summary({ digits, steps }: AdditionStudyParams, scores: SumScores): ReportSection {
  const { byKind } = scores;
  const worst = scores.digitAccuracy.indexOf(Math.min(...scores.digitAccuracy));
  return {
    title: "In short",
    prose: [
      `A one-layer transformer learns to add numbers of ${digits} digits. Of ${count(scores.all.count)} random sums it answers ${percent(shareOf(scores.all))} with every digit right: ${percent(shareOf(byKind.BaseAdd))} of those without a carry, ${percent(shareOf(byKind.UseCarry1))} of those with carries, ${percent(shareOf(byKind.UseSum9))} where a carry has to pass through digits that sum to 9. Its weakest digit is ${scores.digits[worst]}, right in ${percent(scores.digitAccuracy[worst] as number)}.`,
      `Digits are named as in Quirke and Barez 2023: A0 is the units digit of the sum, A${digits} its leading carry. A digit is a case of BaseAdd when no carry comes in, of UseCarry1 when one does, of UseSum9 when one comes in and the two digits sum to 9, so that the carry moves on. Step n is after n updates, of ${count(steps)}.`,
    ],
    figures: [],
  };
}

function scoreSection(title: string, id: string, scores: SumScores): ReportSection {
  const { digits, byCascade, byNines } = scores;
  const cascade = byCascade.flatMap((hits, length) =>
    hits.count === 0 ? [] : [`${percent(shareOf(hits))} at ${length}`],
  );
  const below = digits.slice(1);
  const table = (data: SumScores["caseLoss"]) => ({
    z: data,
    x: below,
    y: [...digitCases],
    xLabel: "digit of the sum",
    sequential: true,
    annotate: true,
    aspect: "auto" as const,
    height: 250,
  });
  return {
    title,
    prose: [
      `${count(scores.all.right)} of ${count(scores.all.count)} random sums are right, ${percent(shareOf(scores.all))}; the mean loss of a digit is ${number(scores.loss)} nats. By the longest cascade, the most nines that one carry passes through: ${list(cascade)}.`,
    ],
    figures: [
      {
        id: `digits-${id}`,
        title: "Each digit of the sum",
        see: `Share of each digit that is right, from the leading carry ${digits[0]} to the units ${digits.at(-1)}.`,
        figure: bars({
          categories: digits,
          series: [{ name: "right", values: scores.digitAccuracy }],
          xLabel: "digit of the sum",
          yLabel: "share right",
          height: 300,
        }),
      },
      {
        id: `cascades-${id}`,
        title: "How far a carry has to travel",
        see: "Share of whole answers that are right, by all carried nines of a question and by the longest run of them. One layer cannot follow a long cascade.",
        figure: bars({
          categories: byNines.map((_, k) => String(k)),
          series: [
            { name: "carried nines", values: byNines.map(shareOrNothing) },
            {
              name: "longest cascade",
              values: byNines.map((_, k) => shareOrNothing(byCascade[k])),
            },
          ],
          xLabel: "nines",
          yLabel: "share right",
          height: 320,
        }),
      },
      {
        id: `case-accuracy-${id}`,
        title: "Right answers by digit and case",
        see: "The units digit never has a carry coming in; its other cases are empty.",
        figure: heatmap({ ...table(scores.caseAccuracy), range: [0, 1], valueFormat: ".3f" }),
      },
      {
        id: `case-loss-${id}`,
        title: "Loss by digit and case",
        see: "Mean loss in nats of the digits of each case.",
        figure: heatmap({ ...table(scores.caseLoss), valueFormat: ".3g" }),
      },
    ],
  };
}

function shareOrNothing(hits: Hits | undefined): number {
  return hits === undefined || hits.count === 0 ? Number.NaN : shareOf(hits);
}
