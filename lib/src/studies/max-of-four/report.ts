import { heatmap, lines, scatter } from "../../figures/index.ts";
import { costFigure, exactPercent, proofProse } from "../max-of-two/report-proofs.ts";
import { type Curves, lastOf } from "../shared/curves.ts";
import { list, number, percent } from "../shared/words.ts";
import type { ReportFigure, ReportSection } from "../study.ts";
import { publishedSpread, spreadOf } from "./claims.ts";
import type { MaxOfFourParams } from "./params.ts";
import { publishedModels } from "./published.ts";
import type { MaxOfFourResults, ModelResults, Reading } from "./results.ts";

export function report(
  params: MaxOfFourParams,
  { curves, reading, models }: MaxOfFourResults,
): ReportSection[] {
  const first = models[0] as ModelResults;
  return [
    summary(params, first),
    ...(curves.step.length > 0 ? [trainingSection(curves)] : []),
    circuitSection(reading),
    {
      title: "Proofs of accuracy, shorter than running the model",
      prose: proofProse(
        first.proofs,
        "The cubic proof goes through every largest number, query and smaller number at their worst order. The sub-cubic proof only asks how far below the largest number the others must stay.",
      ),
      figures: [costFigure(first.proofs)],
    },
    seedsSection(params, models),
  ];
}

function summary({ n }: MaxOfFourParams, { seed, proofs }: ModelResults): ReportSection {
  const { bruteForce, cubic, subcubic } = proofs;
  const exact =
    bruteForce === null
      ? "There are too many sequences to run them all"
      : `It is right on ${exactPercent(bruteForce.accuracy)} of all ${n}-number sequences`;
  return {
    title: "In short",
    prose: [
      `A transformer of one attention head reads ${n} numbers and answers the largest; the last number is also what asks. ${exact}. A cubic proof vouches for ${exactPercent(cubic.accuracy)} of them, a sub-cubic one for ${exactPercent(subcubic.accuracy)} (seed ${seed}).`,
    ],
    figures: [],
  };
}

function trainingSection(curves: Curves): ReportSection {
  return {
    title: "Training on sequences that never repeat",
    prose: [
      `Every batch is drawn anew, so nothing can be memorised and nothing groks: the test loss falls steadily to ${number(lastOf(curves.testLoss))} nats, at an accuracy of ${percent(lastOf(curves.testAccuracy))} on random sequences.`,
    ],
    figures: [
      {
        id: "loss",
        title: "Loss during training",
        see: "Mean cross-entropy in nats, of the next batch (train) and of a fixed random sample (test).",
        figure: lines({
          x: curves.step,
          series: [
            { name: "train", y: curves.trainLoss },
            { name: "test", y: curves.testLoss },
          ],
          xLabel: "step",
          yLabel: "loss (nats)",
          logY: true,
        }),
      },
    ],
  };
}

function circuitSection({ scores, singularValues, sizeDirection, copy }: Reading): ReportSection {
  const [first = 0, second = 1] = singularValues;
  return {
    title: "One direction for size, one diagonal for copying",
    prose: [
      `All queries agree on what to attend to: the first singular values of the scores are ${list(singularValues.map(number))}, so one direction carries ${number(first / second)} times as much as the next. Along it, numbers are ordered by size.`,
    ],
    figures: [
      {
        id: "scores",
        title: "Attention scores",
        see: "Not divided by √d, without positions. Every row is the same rising curve, more or less stretched.",
        figure: heatmap({
          z: scores,
          xLabel: "key",
          yLabel: "query",
          valueLabel: "score",
        }),
      },
      {
        id: "size-direction",
        title: "The size direction",
        see: "First right singular vector of the scores: what makes a number attended to.",
        figure: lines({
          series: [{ name: "size", y: sizeDirection }],
          xLabel: "number",
          yLabel: "component",
        }),
      },
      {
        id: "copy",
        title: "Logits written by attention",
        see: "Each row: what a number adds to the logits when all attention is on it. The diagonal is copying.",
        figure: heatmap({
          z: copy,
          xLabel: "output logit token",
          yLabel: "input token",
          valueLabel: "logit",
        }),
      },
    ],
  };
}

function seedsSection(
  { n, vocab }: MaxOfFourParams,
  models: readonly ModelResults[],
): ReportSection {
  const bounds = models.map(({ proofs }) => proofs.cubic.accuracy);
  const { mean, deviation } = spreadOf(bounds);
  const spread = models.length > 1 ? ` ± ${deviation.toFixed(4)}` : "";
  const own = `Over ${models.length} model${models.length > 1 ? "s" : ""} the cubic bound is ${mean.toFixed(4)}${spread}.`;
  const { cubic, bruteForce } = publishedSpread;
  const asPublished = n === 4 && vocab === 64;
  return {
    title: "Beside the published models",
    prose: [
      asPublished
        ? `${own} The 150 published ones have ${cubic.mean.toFixed(4)} ± ${cubic.deviation.toFixed(4)}, and accuracies of ${bruteForce.mean.toFixed(4)} ± ${bruteForce.deviation.toFixed(4)}. Two machines do not arrive at the same weights from one seed, so seeds agree as a crowd and not one by one.`
        : `${own} The published models answer four numbers below 64, and are not comparable.`,
    ],
    figures: asPublished ? [crowdFigure(models)] : [],
  };
}

function crowdFigure(models: readonly ModelResults[]): ReportFigure {
  const total = 64 ** 4;
  return {
    id: "published-models",
    title: "Accuracy and cubic bound of every model",
    see: "One point for each model. At the same accuracy, the same proof says more of one model than of another.",
    figure: scatter({
      groups: [
        {
          name: "published",
          x: publishedModels.map(([, correct]) => correct / total),
          y: publishedModels.map(([, , cubic]) => cubic / total),
          labels: publishedModels.map(([seed]) => `seed ${seed}`),
        },
        {
          name: "here",
          x: models.map(({ proofs }) => proofs.bruteForce?.accuracy ?? Number.NaN),
          y: models.map(({ proofs }) => proofs.cubic.accuracy),
          labels: models.map(({ seed }) => `seed ${seed}`),
        },
      ],
      xLabel: "accuracy (brute force)",
      yLabel: "accuracy proved (cubic)",
    }),
  };
}
