/** The parts of the article about training: curves, and attention at every checkpoint. */

import {
  type Block,
  behavior,
  claim,
  count,
  figure,
  headline,
  list,
  mechanism,
  number,
  percent,
  prose,
  section,
} from "../../article/index.ts";
import { lines } from "../../figures/index.ts";
import { type Curves, firstStep, lastOf, type Training, valueAt } from "../../lab/index.ts";
import { animation } from "./animation.ts";
import { type Moment, moment } from "./measure.ts";
import type { MaxOfTwoParams } from "./params.ts";
import { derivedSeeds, maxSplit } from "./plan.ts";
import { retrained } from "./sources.ts";

/** When which part is answered without an error. */
function milestones(curves: Curves) {
  const all = (part: "trainAccuracy" | "testAccuracy") =>
    firstStep(curves, part, (accuracy) => accuracy === 1);
  const peak = Math.max(...curves.testLoss);
  const worst = firstStep(curves, "testLoss", (loss) => loss === peak) ?? 0;
  return { peak, worst, memorized: all("trainAccuracy"), grokked: all("testAccuracy") };
}

export function* learning({ vocab, forcedGaps }: MaxOfTwoParams, curves: Curves): Generator<Block> {
  const { peak, worst, memorized, grokked } = milestones(curves);
  const chance = Math.log(vocab);
  const trainThen = valueAt(curves, "trainAccuracy", worst) ?? Number.NaN;
  const testThen = valueAt(curves, "testAccuracy", worst) ?? Number.NaN;
  const waits = worst > 0 && peak > 0.5 * chance && trainThen > 0.9;
  yield section(
    headline(
      behavior("waits", waits && grokked !== undefined, "It waits on a plateau, then groks", ""),
      "Learning",
    ),
  );
  yield prose(
    forcedGaps.length === 0
      ? ""
      : `The training set takes first the sequences whose two largest numbers differ by ${list(forcedGaps)}. `,
    `The test loss is largest at step ${count(worst)}, ${number(peak)} nats; guessing among ${vocab} answers costs ${number(chance)}. At that step ${percent(trainThen)} of the training sequences and ${percent(testThen)} of the others are answered correctly. `,
    memorized === undefined
      ? `By the last step the model does not answer every training sequence correctly (${percent(lastOf(curves.trainAccuracy))}). `
      : `At step ${count(memorized)} every training sequence is right for the first time; ${percent(valueAt(curves, "testAccuracy", memorized) ?? Number.NaN)} of the others are right then. `,
    behavior(
      "grokked",
      grokked !== undefined,
      `At step ${count(grokked ?? 0)} it makes no mistake on sequences that it was not trained on.`,
      `It still errs on sequences that it was not trained on: ${percent(lastOf(curves.testAccuracy))} are right at the last step.`,
    ),
  );
  const markers = [
    { label: "train: all right", value: memorized },
    { label: "test: all right", value: grokked },
  ].flatMap(({ label, value }) => (value === undefined ? [] : [{ label, value }]));
  const shared = { x: curves.step, xLabel: "step", markers };
  yield figure(
    "loss",
    "Loss during training",
    `Mean cross-entropy in nats. It ends at ${number(lastOf(curves.trainLoss))} (train) and ${number(lastOf(curves.testLoss))} (test).`,
    lines({
      ...shared,
      series: trainAndTest(curves.trainLoss, curves.testLoss),
      yLabel: "loss (nats)",
      logY: true,
    }),
  );
  yield figure(
    "accuracy",
    "Accuracy during training",
    `Share of sequences answered correctly: at the end ${percent(lastOf(curves.trainAccuracy))} of those trained on and ${percent(lastOf(curves.testAccuracy))} of the others.`,
    lines({
      ...shared,
      series: trainAndTest(curves.trainAccuracy, curves.testAccuracy),
      yLabel: "accuracy",
    }),
  );
}

function trainAndTest(train: readonly number[], test: readonly number[]) {
  return [
    { name: "train", y: train },
    { name: "test", y: test },
  ];
}

export function* dataClaims(params: MaxOfTwoParams): Generator<Block> {
  const seeds = derivedSeeds(params.seed);
  const { train, test } = maxSplit(params);
  const rows = ({ data }: { readonly data: ArrayLike<number> }) => Array.from(data).slice(0, 9);
  yield claim(
    "derived-seeds",
    "seeds of weights (it stands in the notebook), split, training and test, from 123 by MD5",
    retrained,
    [613947648, 1914904320, 3402695680, 3741094656],
    [seeds.model, seeds.dataset, seeds.train, seeds.test],
  );
  yield claim(
    "split-sizes",
    "pairs to train and to test on",
    retrained,
    [408, 3688],
    [train.labels.data.length, test.labels.data.length],
  );
  yield claim(
    "split-rows",
    "first three training and first three test sequences, shuffled by NumPy's generator",
    retrained,
    [0, 0, 64, 57, 56, 64, 28, 29, 64, 40, 10, 64, 42, 4, 64, 3, 35, 64],
    [...rows(train.tokens), ...rows(test.tokens)],
  );
}

/** The notebook's epoch 0 logs the training loss before the first update and the test loss after it. */
export function* firstClaims(curves: Curves): Generator<Block> {
  const rule = { within: 5e-6, why: "half a unit of the sixth digit, the replay's last" };
  const at = (part: "trainLoss" | "testLoss", step: number) => valueAt(curves, part, step);
  yield claim(
    "train-loss-epoch-0",
    "training loss before any update",
    retrained,
    4.17691,
    at("trainLoss", 0),
    rule,
  );
  yield claim(
    "test-loss-epoch-0",
    "test loss after one update",
    retrained,
    4.17175,
    at("testLoss", 1),
    rule,
  );
}

export function* epochClaims(curves: Curves): Generator<Block> {
  const { worst, memorized, grokked } = milestones(curves);
  const loss = (step: number) => valueAt(curves, "testLoss", step);
  const digits = {
    within: 1e-5,
    why: "half a unit of the sixth digit, the replay's last, and as much for rounding",
  };
  yield claim(
    "test-loss-100",
    "test loss after 100 updates",
    retrained,
    3.35819,
    loss(100),
    digits,
  );
  yield claim(
    "test-loss-250",
    "test loss after 250 updates",
    retrained,
    1.43324,
    loss(250),
    digits,
  );
  const spread = {
    within: 30,
    why: "five runs that differ in rounding alone (PyTorch on two machines; native with one and two threads, and web here) span 21 epochs, and the log has every tenth",
  };
  yield claim("worst-epoch", "epoch of the largest test loss", retrained, 1369, worst, spread);
  yield claim(
    "memorized-epoch",
    "first epoch with every training pair right",
    retrained,
    1539,
    memorized,
    spread,
  );
  yield claim(
    "grokked-epoch",
    "first epoch with every test pair right",
    retrained,
    2179,
    grokked,
    spread,
  );
}

export async function* onTheWay(training: Training): AsyncGenerator<Block> {
  const { curves, steps } = training;
  const moments = [];
  for (const step of steps) moments.push(await training.at(step).measure(moment));
  const { worst } = milestones(curves);
  const at = steps.findLastIndex((step) => step <= worst);
  const fallsThen = moments[at]?.falls ?? 0;
  const all = (moments[at]?.scores.data.length ?? 1) - 1;
  const lastUnsorted = moments.findLastIndex((one) => one.falls > 0);
  const sorted = lastUnsorted < steps.length - 1;
  yield section("Attention over training");
  yield prose(
    `The score that "=" gives each number with the curves up to the same step, at ${count(steps.length)} checkpoints; the scales stay the same. At step ${count(steps[at] ?? 0)}, when the test loss is largest, the score does not rise in ${fallsThen} of ${all} steps from one number to the next. `,
    mechanism(
      "sorted-in-the-end",
      sorted,
      `From step ${count(steps[lastUnsorted + 1] ?? 0)} on it rises from every number to the next.`,
      `At the last checkpoint it still does not rise in ${moments.at(-1)?.falls ?? 0} of them.`,
    ),
  );
  yield figure(
    "animation",
    "Attention scores, losses and accuracies over training",
    "Press play, or drag the slider.",
    animation(
      curves,
      steps,
      moments.map(({ scores }) => scores.data),
    ),
  );
  const heaviest = moments.map((one) => one.squaredWeights);
  yield figure(
    "squared-weights",
    "Sum of the squares of all weights",
    `It is largest at step ${count(steps[heaviest.indexOf(Math.max(...heaviest))] ?? 0)}, ${number(Math.max(...heaviest))}, and ends at ${number(lastOf(heaviest))}.`,
    lines({
      x: steps,
      series: [{ name: "sum of squares", y: heaviest }],
      xLabel: "step",
      yLabel: "sum of squares",
    }),
  );
  yield boundsFigure(curves, steps, moments);
}

function boundsFigure(curves: Curves, steps: readonly number[], moments: readonly Moment[]): Block {
  const [cubic, subcubic] = [moments.map((one) => one.cubic), moments.map((one) => one.subcubic)];
  const accuracy = moments.flatMap((one) => one.accuracy ?? []);
  const known = accuracy.length === steps.length;
  const gaps = known ? accuracy.map((share, i) => share - (subcubic[i] as number)) : [];
  const widest = Math.max(...gaps);
  const complete = subcubic.indexOf(1);
  return figure(
    "bounds-over-training",
    "What can be proved during training",
    [
      "Share of all sequences that are answered correctly, and that each proof covers. ",
      known
        ? `The sub-cubic bound is furthest behind at step ${count(steps[gaps.indexOf(widest)] ?? 0)}, by ${percent(widest)} of the sequences. `
        : "",
      mechanism(
        "proved-during-training",
        complete >= 0,
        `At step ${count(steps[complete] ?? 0)} it first covers all sequences.`,
        "The sub-cubic proof does not cover all sequences at any checkpoint.",
      ),
    ],
    lines({
      series: [
        known
          ? { name: "accuracy", x: steps, y: accuracy, faint: true }
          : { name: "test accuracy", x: curves.step, y: curves.testAccuracy, faint: true },
        { name: "cubic bound", x: steps, y: cubic },
        { name: "sub-cubic bound", x: steps, y: subcubic },
      ],
      xLabel: "step",
      yLabel: "share of sequences",
    }),
  );
}
