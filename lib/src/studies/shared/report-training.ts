/** The part of the article about training: losses, accuracies, when it groks. */

import type { LineSeries, Mark } from "../../figures/index.ts";
import { lines } from "../../figures/index.ts";
import type { ReportFigure, ReportSection } from "../study.ts";
import { type Curves, firstStep, lastOf } from "./curves.ts";
import { count, number, percent } from "./words.ts";

/** A log printed elsewhere, drawn pale beside ours. */
export interface PrintedLog {
  readonly name: string;
  readonly step: readonly number[];
  readonly trainLoss: readonly number[];
  readonly testLoss: readonly number[];
}

/** Losses and accuracies over training, in one section; `answers` is the number of classes. */
export function trainingSection(
  curves: Curves,
  answers: number,
  printed?: PrintedLog,
): ReportSection {
  const memorised = firstStep(curves, "trainAccuracy", (value) => value >= 0.999);
  const grokked = firstStep(curves, "testAccuracy", (value) => value >= 0.99);
  return {
    title: "Memorise first, understand later",
    prose: [story(curves, answers, memorised, grokked)],
    figures: [
      lossFigure(curves, markers(memorised, grokked), printed),
      {
        id: "accuracy",
        title: "Accuracy during training",
        see: `The share of pairs answered correctly. Train accuracy ends at ${percent(lastOf(curves.trainAccuracy))}, test accuracy at ${percent(lastOf(curves.testAccuracy))}.`,
        figure: lines({
          x: curves.step,
          series: [
            { name: "train", y: curves.trainAccuracy },
            { name: "test", y: curves.testAccuracy },
          ],
          xLabel: "step",
          yLabel: "accuracy",
          markers: markers(memorised, grokked),
        }),
      },
    ],
  };
}

function story(curves: Curves, answers: number, memorised?: number, grokked?: number): string {
  const peak = Math.max(...curves.testLoss);
  const memory =
    memorised === undefined
      ? "It never answers the training pairs perfectly."
      : `By step ${count(memorised)} it answers the training pairs.`;
  const guess = Math.log(answers);
  const side = peak > guess ? "above" : "below";
  const test = ` The test loss meanwhile rises to ${number(peak)} nats, ${side} the ${number(guess)} of guessing among ${answers} answers.`;
  const end =
    grokked === undefined
      ? ` It has not grokked by the last step, ${count(lastOf(curves.step))}: test accuracy is ${percent(lastOf(curves.testAccuracy))}.`
      : ` At step ${count(grokked)} it reaches 99 % on pairs it never saw, and it ends at a test loss of ${number(lastOf(curves.testLoss))} nats.`;
  return memory + test + end;
}

function markers(memorised?: number, grokked?: number): Mark[] {
  return [
    ...(memorised === undefined ? [] : [{ value: memorised, label: "memorised" }]),
    ...(grokked === undefined ? [] : [{ value: grokked, label: "grokked" }]),
  ];
}

function lossFigure(
  { step, trainLoss, testLoss }: Curves,
  marks: Mark[],
  printed?: PrintedLog,
): ReportFigure {
  const own: LineSeries[] = [
    { name: "train", y: trainLoss, color: 0 },
    { name: "test", y: testLoss, color: 1 },
  ];
  const theirs: LineSeries[] =
    printed === undefined
      ? []
      : [
          {
            name: `train, ${printed.name}`,
            x: printed.step,
            y: printed.trainLoss,
            faint: true,
            color: 0,
          },
          {
            name: `test, ${printed.name}`,
            x: printed.step,
            y: printed.testLoss,
            faint: true,
            color: 1,
          },
        ];
  return {
    id: "loss",
    title: "Loss during training",
    see: `Mean cross-entropy in nats. The training loss falls at once; the test loss first rises and, if the model groks, falls by orders of magnitude long after. The buttons switch the axes between linear and logarithmic.${printed === undefined ? "" : ` Dotted: the log printed in ${printed.name}.`}`,
    figure: lines({
      x: step,
      series: [...own, ...theirs],
      xLabel: "step",
      yLabel: "loss (nats)",
      logY: true,
      markers: marks,
    }),
  };
}
