/**
 * Max of two: one attention head learns which of two numbers is larger, and how much can be proved of it.
 * After Gross's notebook on grokking max of two and Gross et al. 2024, Compact proofs of model
 * performance via mechanistic interpretability.
 */

import { z } from "zod";
import {
  type Block,
  claim,
  count,
  figure,
  formula,
  headline,
  mechanism,
  metrics,
  number,
  percent,
  prose,
  type Reference,
  section,
  summary,
} from "../../article/index.ts";
import { InputError } from "../../core/errors.ts";
import { bars, heatmap, lines, scatter } from "../../figures/index.ts";
import { type Curves, type Lab, lastOf, type Study } from "../../lab/index.ts";
import {
  type Answer,
  answer,
  type Circuits,
  circuits,
  falls,
  type Losses,
  losses,
  measurements,
  type Proofs,
  proofs,
} from "./measure.ts";
import { type MaxOfTwoParams, maxOfTwoParams } from "./params.ts";
import { fit, plan, size } from "./plan.ts";
import { answersProse, boundClaims, priceFigure, proofProse } from "./proof-section.ts";
import { gross, notebook, own, retrained } from "./sources.ts";
import { dataClaims, epochClaims, firstClaims, learning, onTheWay } from "./training-sections.ts";

/** Looked at when a reader does not say otherwise: the last checkpoint, and no sequence of their own. */
export const maxOfTwoView = z.strictObject({
  pair: z
    .array(z.int().min(0))
    .optional()
    .meta({ description: "numbers to give the model, as in 31,42; by default none" }),
  step: z
    .int()
    .min(0)
    .optional()
    .meta({ description: "checkpoint to look at; by default the last", unit: "steps" }),
});
export type MaxOfTwoView = z.infer<typeof maxOfTwoView>;

/** Which published settings these parameters are. */
function setting(params: MaxOfTwoParams) {
  const defaults = maxOfTwoParams.parse({});
  const same = (...names: (keyof MaxOfTwoParams)[]): boolean =>
    names.every((name) => String(params[name]) === String(defaults[name]));
  const data = same("n", "vocab", "trainFraction", "forcedGaps", "seed");
  const start = data && same("dModel");
  return { data, start, training: start && same("lr", "weightDecay", "beta1", "beta2", "steps") };
}

/** Max of two: one head learns which of two numbers is larger, and proofs say how often it is right. */
export const maxOfTwo: Study<MaxOfTwoParams, MaxOfTwoView> = {
  name: "max-of-two",
  title: "Max of two: one head, and how much of it can be proved",
  sources: [gross, notebook],
  params: maxOfTwoParams,
  view: maxOfTwoView,
  smoke: { vocab: 12, trainFraction: 0.4, dModel: 8, steps: 60, checkpointEvery: 20 },
  measurements,
  size,
  fit,
  knowsData: ({ given }) => given.has("seed"),
  plans: (params) => ({ model: plan(params) }),
  article,
};

async function* article(
  params: MaxOfTwoParams,
  lab: Lab,
  view: MaxOfTwoView,
): AsyncGenerator<Block> {
  const training = await lab.training();
  const { curves } = training;
  const same = setting(params);
  const atEnd = same.training && training.finished && view.step === undefined;
  const model = training.at(view.step);
  const seen = await model.measure(circuits);
  const proved = await model.measure(proofs);
  const answers = await model.measure(losses);

  yield summary(...answerInShort(params, seen, proved));
  yield metrics({ ...finalMetrics(curves), ...headlines(seen, proved), loss: answers.loss });
  if (curves.step.length > 0) {
    yield* learning(params, curves);
    if (same.data) yield* dataClaims(params);
    if (same.start) yield* firstClaims(curves);
    if (same.training && training.finished) yield* epochClaims(curves);
  }
  yield* attention(seen, atEnd);
  yield* copying(seen, atEnd);
  yield* restOfLogits(seen);
  yield* proving(proved, answers, atEnd);
  if (view.pair !== undefined) {
    yield* ownSequence(checkedSequence(params, view.pair), await model.measure(answer, view.pair));
  }
  if (training.steps.length > 1 && curves.step.length > 0) yield* onTheWay(training);
}

const rising = ({ qk }: Circuits): number => qk.length - 1 - falls(qk);
const copied = ({ margins }: Circuits): number => margins.filter((margin) => margin > 0).length;

function answerInShort({ n }: MaxOfTwoParams, seen: Circuits, { bruteForce, subcubic }: Proofs) {
  const { qk, vocab } = seen;
  return [
    `A transformer of one attention head reads ${n} numbers and "=", and answers the largest. `,
    mechanism(
      "attention-sorted",
      falls(qk) === 0,
      `The attention that "=" pays to a number strictly increases with the number, `,
      `The attention that "=" pays to a number increases in ${rising(seen)} of ${vocab - 1} steps from one number to the next, `,
    ),
    mechanism(
      "copies",
      copied(seen) === vocab,
      `and what is attended to is copied to the answer: each of the ${vocab} numbers raises its own logit most. `,
      `and ${copied(seen)} of ${vocab} numbers raise their own logit most when attended to. `,
    ),
    mechanism(
      "proved",
      subcubic.correct === subcubic.total,
      `That is enough to prove, in ${count(subcubic.flop)} operations, that it is right on all ${count(subcubic.total)} sequences`,
      `A proof of ${count(subcubic.flop)} operations covers ${percent(subcubic.accuracy)} of all sequences`,
    ),
    bruteForce === null ? "." : `; running them all takes ${count(bruteForce.flop)}.`,
  ];
}

function finalMetrics(curves: Curves): Record<string, number> {
  if (curves.step.length === 0) return {};
  return {
    trainLoss: lastOf(curves.trainLoss),
    testLoss: lastOf(curves.testLoss),
    trainAccuracy: lastOf(curves.trainAccuracy),
    testAccuracy: lastOf(curves.testAccuracy),
  };
}

function headlines(seen: Circuits, { bruteForce, cubic, subcubic }: Proofs) {
  return {
    qkViolations: falls(seen.qk),
    diagonalRows: copied(seen),
    diagonalMargin: Math.min(...seen.margins),
    mostSelfAttention: seen.mostSelfAttention,
    directRange: Math.max(...seen.direct) - Math.min(...seen.direct),
    ...(bruteForce === null ? {} : { bruteForceAccuracy: bruteForce.accuracy }),
    cubicBound: cubic.accuracy,
    subcubicBound: subcubic.accuracy,
  };
}

function* attention(seen: Circuits, atEnd: boolean): Generator<Block> {
  const { qk, positionQk } = seen;
  const step = Math.min(...qk.slice(1).map((score, i) => score - (qk[i] as number)));
  const spread = Math.max(...positionQk) - Math.min(...positionQk);
  yield section(
    headline(
      mechanism("attends-to-larger", falls(qk) === 0, "It attends to the larger number", ""),
      "Where it attends",
    ),
  );
  yield prose(
    "With token embeddings $E$, positions $P$ and the matrices of the one head, the score that “=” gives a number at a position is linear in what stands there:",
  );
  yield formula("(E_{=} + P_{-1})\\, W_Q W_K^\\top\\, (E_t + P_i)^\\top");
  yield prose(
    `The score of a token, $E_t + \\bar P$, and what the position adds, $P_i - \\bar P$, can be looked at apart. Scores are before the softmax and not divided by $\\sqrt d$. The difference of two scores decides how attention is shared: ${rising(seen)} of the ${qk.length - 1} steps from one number to the next go up.`,
  );
  yield figure(
    "qk",
    "Attention score of each number",
    `Token $t$ at the mean position, relative to the score of "=" with itself. From ${number(qk[0] ?? Number.NaN)} for 0 to ${number(lastOf(qk))} for ${qk.length - 1}.`,
    lines({
      series: [{ name: "QK", y: qk }],
      xLabel: "input token",
      yLabel: "attention score before softmax",
    }),
  );
  yield figure(
    "qk-position",
    "What the position adds to the score",
    [
      `Of $P_i - \\bar P$ alone: positions differ by up to ${number(spread)}. `,
      mechanism(
        "position-ignored",
        spread < step,
        "That is less than the smallest step from one number to the next, so which number comes first does not decide which gets more attention.",
        `The smallest step from one number to the next is ${number(step)}, so the order of neighbors can matter.`,
      ),
    ],
    scatter({
      groups: [{ name: "QK", x: positionQk.map((_, pos) => pos), y: positionQk }],
      xLabel: "position",
      yLabel: "attention score before softmax",
      height: 320,
    }),
  );
  if (!atEnd) return;
  yield claim(
    "attention-increases",
    "of 64 numbers, those that get no more attention than the number before",
    retrained,
    0,
    falls(qk),
  );
}

function* copying(seen: Circuits, atEnd: boolean): Generator<Block> {
  const { ov, centered, margins, vocab } = seen;
  const least = Math.min(...margins);
  const axes = { xLabel: "output logit token", yLabel: "input token", valueLabel: "logit" };
  yield section(
    headline(
      mechanism("copies-what-it-reads", least > 0, "It copies what it attends to", ""),
      "What attention writes",
    ),
  );
  yield formula("(E_t + \\bar P)\\, W_V W_O W_U");
  yield prose(
    `Each row: what a number adds to the ${vocab} logits when all attention is on it. In ${copied(seen)} of ${vocab} rows the largest entry is the number itself; the smallest margin to another is ${number(least)}.`,
  );
  yield figure(
    "ov-centered",
    "Logits written by attention, less that of the number itself",
    [
      "Each row less its diagonal entry; 0 is the number's own logit. ",
      mechanism(
        "no-answer-raised-more",
        least > 0,
        "No other answer is raised as much as the number itself.",
        `In ${vocab - copied(seen)} rows another answer is raised at least as much as the number itself.`,
      ),
    ],
    heatmap({ z: centered, ...axes, sequential: true }),
  );
  yield figure(
    "ov",
    "Logits written by attention",
    "The same, not centered.",
    heatmap({ z: ov, ...axes }),
    { folded: true },
  );
  if (!atEnd) return;
  yield claim(
    "copies-itself",
    "of 64 numbers, those that raise their own logit most when attended to",
    retrained,
    64,
    copied(seen),
  );
}

function* restOfLogits(seen: Circuits): Generator<Block> {
  const { direct, self, positions, mostSelfAttention, margins } = seen;
  const range = (values: readonly number[]) => Math.max(...values) - Math.min(...values);
  const drawn = (groups: readonly { readonly name: string; readonly y: readonly number[] }[]) =>
    scatter({
      groups: groups.map((group) => ({ ...group, x: group.y.map((_, token) => token) })),
      xLabel: "output logit token",
      yLabel: "logit",
    });
  const place = 2 * Math.max(...positions.flat().map(Math.abs));
  const most = range(direct) + mostSelfAttention * range(self) + place;
  const least = Math.min(...margins);
  yield section("What does not depend on the numbers");
  yield prose(
    `A model that only attends and copies has no use for these paths. At their worst they change the difference of two logits by ${number(most)}: the direct path by ${number(range(direct))}, "=" reading itself by ${number(mostSelfAttention * range(self))}, positions by ${number(place)}. `,
    mechanism(
      "rest-below-margin",
      most < least,
      `That is below the smallest margin of copying, ${number(least)}, so they cannot change an answer while all attention is on the largest number.`,
      `The smallest margin of copying is ${number(least)}, so this bound alone does not exclude that they change an answer; the proofs below look at each sequence or number apart.`,
    ),
  );
  yield figure(
    "irrelevant",
    "Direct path and positions",
    `The direct path of "=" spans ${number(range(direct))} from the lowest to the highest logit; which position a number stands at changes a logit by at most ${number(place / 2)}.`,
    drawn([
      { name: "(E + P)₌ U", y: direct },
      ...positions.map((y, pos) => ({ name: `(P${"₀₁₂₃₄₅₆₇₈₉"[pos] ?? pos} − mean P) V O U`, y })),
    ]),
  );
  yield figure(
    "irrelevant-self",
    'What "=" writes when it attends to itself',
    `Up to ${number(Math.max(...self.map(Math.abs)))}, times the attention that "=" pays to itself: ${percent(mostSelfAttention)} when all numbers are the one that scores least, and less otherwise.`,
    drawn([{ name: "(E + P)₌ V O U", y: self }]),
  );
}

function* proving(proved: Proofs, answers: Losses, atEnd: boolean): Generator<Block> {
  const { bruteForce, subcubic } = proved;
  yield section("Proofs of accuracy");
  yield answersProse(answers);
  yield* proofProse(
    proved,
    "The cubic proof goes through every largest number with every smaller one and compares all answers; for two numbers, running the model is cubic too. The sub-cubic proof looks at each number alone, for the worst wrong answer it could support.",
  );
  yield priceFigure(proved);
  yield* boundClaims(proved);
  if (!atEnd) return;
  const all = (id: string, text: string, reference: Reference, measured: number | undefined) =>
    claim(id, text, reference, 4096, measured);
  yield all(
    "all-pairs-right",
    "of all 4,096 pairs, answered correctly",
    retrained,
    bruteForce?.correct,
  );
  yield all(
    "all-pairs-proved",
    "of all 4,096 pairs, proved by the sub-cubic proof",
    own,
    subcubic.correct,
  );
}

function checkedSequence({ n, vocab }: MaxOfTwoParams, pair: readonly number[]): readonly number[] {
  if (pair.length === n && pair.every((one) => one < vocab)) return pair;
  throw new InputError(
    `max-of-two: pair must be ${n} numbers from 0 to ${vocab - 1}, got ${pair.join(",")}`,
  );
}

function* ownSequence(pair: readonly number[], got: Answer): Generator<Block> {
  const best = got.logits.indexOf(Math.max(...got.logits));
  const places = [...pair.map(String), "="];
  const shares = got.attention.map((share, i) => `${percent(share)} to ${places[i]}`);
  yield section(`Your numbers: ${pair.join(", ")}`);
  yield prose(
    `It answers ${best}; the largest is ${Math.max(...pair)}. "=" pays ${shares.join(", ")} of its attention.`,
  );
  yield figure(
    "own-logits",
    `Logits for ${pair.join(", ")}`,
    'What each position writes, weighted by attention, and the direct path of "=".',
    bars({
      categories: got.logits.map((_, token) => String(token)),
      series: [
        ...got.written.map((values, i) => ({ name: `attention to ${places[i]}`, values })),
        { name: "direct", values: got.direct },
      ],
      yLabel: "logit",
    }),
  );
}
