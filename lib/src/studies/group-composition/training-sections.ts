/** The parts of the article about training: curves, and the representations at every checkpoint. */

import {
  type Block,
  behavior,
  claim,
  count,
  figure,
  headline,
  mechanism,
  number,
  percent,
  prose,
  section,
} from "../../article/index.ts";
import { lines } from "../../figures/index.ts";
import { type Curves, firstStep, lastOf, type Training, valueAt } from "../../lab/index.ts";
import { inWords, named } from "./group-words.ts";
import { type Moment, moment } from "./measure.ts";
import { guessing, type Shown } from "./model-sections.ts";

export function* learning(curves: Curves, shown: Shown): Generator<Block> {
  const guess = guessing(shown);
  const memorized = firstStep(curves, "trainAccuracy", (value) => value >= 0.999);
  const grokked = firstStep(curves, "testAccuracy", (value) => value >= 0.99);
  const then = memorized === undefined ? undefined : valueAt(curves, "testAccuracy", memorized);
  const peak = Math.max(...curves.testLoss);
  yield section(
    headline(
      behavior(
        "groks",
        grokked !== undefined && then !== undefined && then < 0.5,
        "Memorize first, understand later",
        "",
      ),
      "Learning",
    ),
  );
  yield prose(
    memorized === undefined
      ? `At the last step, ${count(lastOf(curves.step))}, it answers ${percent(lastOf(curves.trainAccuracy))} of the training pairs right. `
      : `At step ${count(memorized)} 99.9 % of the training pairs are right for the first time; ${percent(then ?? Number.NaN)} of the others are right then. `,
    `The test loss is ${number(peak)} nats at most; guessing costs ${number(guess)}. `,
    behavior(
      "generalizes",
      grokked !== undefined,
      `At step ${count(grokked ?? 0)} 99 % of the pairs that it was not trained on are right for the first time; the test loss ends at ${number(lastOf(curves.testLoss))} nats.`,
      `It has not come to 99 % on pairs that it was not trained on: ${percent(lastOf(curves.testAccuracy))} are right at the last step.`,
    ),
  );
  const markers = [
    { label: "train 99.9 % right", value: memorized },
    { label: "test 99 % right", value: grokked },
  ].flatMap(({ label, value }) => (value === undefined ? [] : [{ label, value }]));
  const drawn = (train: readonly number[], test: readonly number[]) => ({
    x: curves.step,
    xLabel: "step",
    markers,
    series: [
      { name: "train", y: train },
      { name: "test", y: test },
    ],
  });
  yield figure(
    "loss",
    "Loss during training",
    `Mean cross-entropy in nats. It ends at ${number(lastOf(curves.trainLoss))} (train) and ${number(lastOf(curves.testLoss))} (test).`,
    lines({
      ...drawn(curves.trainLoss, curves.testLoss),
      yLabel: "loss (nats)",
      logY: true,
    }),
  );
  yield figure(
    "accuracy",
    "Accuracy during training",
    `Share of pairs answered right: at the end ${percent(lastOf(curves.trainAccuracy))} of those trained on and ${percent(lastOf(curves.testAccuracy))} of the others.`,
    lines({ ...drawn(curves.trainAccuracy, curves.testAccuracy), yLabel: "accuracy" }),
    { folded: true },
  );
}

/** Lines for so many representations at most. */
const mostLines = 12;

/** Every checkpoint, measured with the key representations of the end. */
export async function* growth(training: Training, shown: Shown): AsyncGenerator<Block> {
  const { opened, question } = shown;
  const { steps } = training;
  const key = opened.keyRepresentations;
  const moments: Moment[] = [];
  for (const step of steps) moments.push(await training.at(step).measure(moment, question, key));
  const all = opened.representations.map(({ name }) => name);
  const drawn = (key.length > 0 ? key : all).slice(0, mostLines);
  const over = (values: (one: Moment) => readonly number[]) =>
    drawn.map((name) => ({
      name: inWords(name),
      y: moments.map((one) => values(one)[all.indexOf(name)] as number),
    }));
  yield section("The representations over training");
  yield* loggedClaim(training, moments);
  yield prose(
    `The same measurements at ${count(steps.length)} checkpoints, with the key representations of the end: ${named(key)}. *Restricted*: the hidden layer keeps only their ρ(ab). *Excluded*: it loses it. `,
    riseSentence(steps, moments, guessing(shown)),
  );
  yield figure(
    "progress-similarity",
    "Logit similarity during training",
    "Cosine between the logits and each representation's χ(abc⁻¹).",
    lines({
      x: steps,
      series: over((one) => one.similarity),
      xLabel: "step",
      yLabel: "cosine",
    }),
  );
  yield* growthFigures(
    steps,
    moments,
    over((one) => one.embedding),
  );
}

/** What training logged is computed by other code, on other pairs at a time. */
function* loggedClaim({ curves, steps }: Training, moments: readonly Moment[]): Generator<Block> {
  const both = steps.flatMap((step, i) => {
    const logged = valueAt(curves, "testLoss", step);
    return logged === undefined ? [] : [{ logged, found: moments[i]?.test ?? Number.NaN }];
  });
  if (both.length === 0) return;
  yield claim(
    "losses-as-logged",
    "test losses of the checkpoints, beside those that training logged",
    { kind: "own", paper: "this study", at: "the two are computed by different code" },
    both.map(({ logged }) => logged),
    both.map(({ found }) => found),
    { share: 1e-3, why: "logits are float32 in both" },
  );
}

/** Whether the characters are in the logits before the test loss falls. */
function riseSentence(steps: readonly number[], moments: readonly Moment[], guess: number) {
  const explained = moments.map(({ similarity }) => similarity.reduce((sum, x) => sum + x * x, 0));
  const half = explained.findIndex((share) => share >= lastOf(explained) / 2);
  const highest = moments.reduce(
    (best, one, i) => (one.test > (moments[best]?.test ?? 0) ? i : best),
    0,
  );
  const fallen = moments.findIndex(({ test }, i) => i > highest && test < guess / 2);
  const [rose, fell] = [steps[half] ?? 0, steps[fallen] ?? 0];
  const share = `At step ${count(rose)} the share of characters in the logits first is half of what it is at the end.`;
  return mechanism(
    "characters-come-first",
    fallen < 0 ? undefined : rose < fell,
    `${share} The test loss comes below half of guessing later, at step ${count(fell)}.`,
    `${share} The test loss comes below half of guessing no later than that, at step ${count(fell)}.`,
  );
}

function* growthFigures(
  steps: readonly number[],
  moments: readonly Moment[],
  embedding: readonly { readonly name: string; readonly y: readonly number[] }[],
): Generator<Block> {
  const { restricted, excluded, test } = moments.at(-1) as Moment;
  const squares = moments.map((one) => one.squaredWeights);
  const peak = squares.indexOf(Math.max(...squares));
  yield figure(
    "progress-losses",
    "Test, restricted and excluded loss",
    `Restricted loss is over all pairs, excluded over the training pairs. They end at ${number(test)} (test), ${number(restricted)} (restricted) and ${number(excluded)} (excluded).`,
    lines({
      x: steps,
      series: [
        { name: "test", y: moments.map((one) => one.test) },
        { name: "restricted", y: moments.map((one) => one.restricted) },
        { name: "excluded", y: moments.map((one) => one.excluded) },
      ],
      xLabel: "step",
      yLabel: "loss (nats)",
      logY: true,
    }),
  );
  yield figure(
    "progress-embedding",
    "Shares of the embedding during training",
    "Share of the folded embeddings (mean of a and b) in each representation.",
    lines({ x: steps, series: embedding, xLabel: "step", yLabel: "share" }),
    { folded: true },
  );
  yield figure(
    "progress-weights",
    "Sum of squared weights",
    `It is largest at step ${count(steps[peak] ?? 0)}, ${number(squares[peak] ?? Number.NaN)}, and ends at ${number(lastOf(squares))}.`,
    lines({
      x: steps,
      series: [{ name: "sum of squares", y: squares }],
      xLabel: "step",
      yLabel: "sum of squared weights",
    }),
    { folded: true },
  );
}
