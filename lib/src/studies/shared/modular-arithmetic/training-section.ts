/** The part of an article about training: what is memorized, when the network groks, whether it stays so. */

import {
  type Block,
  behavior,
  count,
  figure,
  headline,
  number,
  percent,
  prose,
  section,
} from "../../../article/index.ts";
import { type LineSeries, lines } from "../../../figures/index.ts";
import { type Curves, firstStep, lastOf } from "../../../lab/index.ts";

/** A log printed elsewhere; losses in nats. */
export interface PrintedLog {
  /** What printed it, as in "the notebook". */
  readonly name: string;
  /** Updates done before each training loss and each test loss. */
  readonly trainStep: readonly number[];
  readonly trainLoss: readonly number[];
  readonly testStep: readonly number[];
  readonly testLoss: readonly number[];
}

/** From which accuracy a network counts as having grokked, on every page. */
export const grokked = (accuracy: number): boolean => accuracy >= 0.99;

/** When which part is answered, and what happens to the test accuracy after that. */
export function milestones(curves: Curves) {
  const memorized = firstStep(curves, "trainAccuracy", (accuracy) => accuracy >= 0.999);
  const groks = firstStep(curves, "testAccuracy", grokked);
  const from = groks === undefined ? curves.step.length : curves.step.indexOf(groks);
  const later = curves.testAccuracy.slice(from);
  const worst = Math.min(...later);
  const peak = Math.max(...curves.testLoss);
  return {
    memorized,
    groks,
    /** Largest test loss, and its step. */
    peak,
    peakStep: firstStep(curves, "testLoss", (loss) => loss === peak) ?? 0,
    /** Least test accuracy from the step of grokking on, and its step; infinity without one. */
    worst,
    worstStep: curves.step[from + later.indexOf(worst)] ?? 0,
    /** Share of logged steps from the step of grokking on at which the test accuracy is 99 % or more. */
    kept: later.filter(grokked).length / later.length,
  };
}

/** Losses and accuracies; `answers` is how many the network chooses among. */
export function* training(curves: Curves, answers: number, printed?: PrintedLog): Generator<Block> {
  if (curves.step.length === 0) return;
  const { memorized, groks } = milestones(curves);
  const later = memorized !== undefined && groks !== undefined && groks > 2 * memorized;
  yield section(
    headline(
      behavior("memorizes-first", later, "Memorize first, understand later", ""),
      "Training",
    ),
  );
  yield story(curves, answers);
  yield* curvesDrawn(curves, answers, printed);
}

function story(curves: Curves, answers: number): Block {
  const { memorized, groks, peak, peakStep, worst, worstStep, kept } = milestones(curves);
  const guess = Math.log(answers);
  const [end, last] = [lastOf(curves.testAccuracy), lastOf(curves.step)];
  return prose(
    behavior(
      "memorizes",
      memorized !== undefined,
      `At step ${count(memorized ?? 0)} it answers 99.9 % of the training pairs ([](#accuracy)). `,
      `It answers at most ${percent(Math.max(...curves.trainAccuracy))} of the training pairs. `,
    ),
    behavior(
      "overfits",
      peakStep > 0 && peak > guess,
      `The test loss rises to ${number(peak)} nats at step ${count(peakStep)} ([](#loss)); guessing among ${answers} answers costs ${number(guess)}. `,
      `The test loss is ${number(peak)} nats at most, at step ${count(peakStep)}; guessing among ${answers} answers costs ${number(guess)}. `,
    ),
    behavior(
      "groks",
      groks !== undefined,
      `At step ${count(groks ?? 0)} it first answers 99 % of the pairs that it was not trained on; at step ${count(last)}, the last, it answers ${percent(end)} of them, with a loss of ${number(lastOf(curves.testLoss))} nats.`,
      `Up to step ${count(last)} it has not answered 99 % of the pairs that it was not trained on: there it answers ${percent(end)} (${percent(1 / answers)} by chance).`,
    ),
    behavior(
      "stays-grokked",
      groks === undefined ? undefined : worst >= 0.99,
      " From then on it never falls below that.",
      ` It does not keep that: at step ${count(worstStep)} it answers ${percent(worst)}, and 99 % at ${percent(kept)} of the logged steps from step ${count(groks ?? 0)} on.`,
    ),
  );
}

function* curvesDrawn(curves: Curves, answers: number, printed?: PrintedLog): Generator<Block> {
  const { memorized, groks } = milestones(curves);
  const markers = [
    { label: "train: 99.9 %", value: memorized },
    { label: "test: 99 %", value: groks },
  ].flatMap(({ label, value }) => (value === undefined ? [] : [{ label, value }]));
  const pair = (train: readonly number[], test: readonly number[]) => [
    { name: "train", y: train, color: 0 },
    { name: "test", y: test, color: 1 },
  ];
  const axes = { x: curves.step, xLabel: "step", markers };
  yield figure(
    "loss",
    "Loss during training",
    `Mean cross-entropy in nats.${printed === undefined ? "" : ` Pale: the log printed in ${printed.name}. ${agreement(curves, printed)}`}`,
    lines({
      ...axes,
      series: [...pair(curves.trainLoss, curves.testLoss), ...printedSeries(printed)],
      yLabel: "loss (nats)",
      logY: true,
      references: [{ value: Math.log(answers), label: `guessing, ln ${answers}` }],
    }),
  );
  yield figure(
    "accuracy",
    "Accuracy during training",
    `Share of pairs answered correctly: at the end ${percent(lastOf(curves.trainAccuracy))} of those trained on and ${percent(lastOf(curves.testAccuracy))} of the others.`,
    lines({ ...axes, series: pair(curves.trainAccuracy, curves.testAccuracy), yLabel: "accuracy" }),
  );
}

function printedSeries(printed: PrintedLog | undefined): LineSeries[] {
  if (printed === undefined) return [];
  const { name, trainStep, trainLoss, testStep, testLoss } = printed;
  return [
    { name: `train, ${name}`, x: trainStep, y: trainLoss, faint: true, color: 0 },
    { name: `test, ${name}`, x: testStep, y: testLoss, faint: true, color: 1 },
  ];
}

/** How long our test loss follows the printed one. */
function agreement(curves: Curves, { testStep, testLoss }: PrintedLog): string {
  const ratios = testStep.flatMap((step, i) => {
    const at = curves.step.indexOf(step);
    return at < 0
      ? []
      : [{ step, ratio: (curves.testLoss[at] as number) / (testLoss[i] as number) }];
  });
  const [first] = ratios;
  if (first === undefined) return "No step of it is logged here.";
  const apart = ratios.findIndex(({ ratio }) => Math.abs(ratio - 1) > 0.05);
  if (apart < 0)
    return `Our test loss is within 5 % of it up to step ${count(ratios.at(-1)?.step ?? 0)}.`;
  if (apart === 0)
    return `At step ${count(first.step)}, its first, our test loss is ${number(first.ratio)} times the printed one.`;
  return `Our test loss is within 5 % of it up to step ${count(ratios[apart - 1]?.step ?? 0)}.`;
}
