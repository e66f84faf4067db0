/**
 * Max of four: compact proofs of accuracy for models that read four numbers and answer the largest,
 * over any number of seeds. After Gross et al. 2024, Compact proofs of model performance via
 * mechanistic interpretability.
 */

import { z } from "zod";
import {
  type Block,
  behavior,
  claim,
  count,
  figure,
  headline,
  list,
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
import { type Curves, type Lab, lastOf, type Snapshot, type Study } from "../../lab/index.ts";
import { falls, losses, type Proofs, proofs } from "../max-of-two/measure.ts";
import { derivedSeeds } from "../max-of-two/plan.ts";
import { answersProse, boundClaims, costFigure, proofProse } from "../max-of-two/proof-section.ts";
import { gross } from "../max-of-two/sources.ts";
import { type Answer, answer, type Circuits, circuits, measurements } from "./measure.ts";
import { type MaxOfFourParams, maxOfFourParams } from "./params.ts";
import { fit, modelName, modelSeeds, plans, size } from "./plan.ts";
import { publishedModels, publishedSpread, type Spread, spreadOf } from "./published.ts";

/** Looked at when a reader does not say otherwise: the first model at its end. */
export const maxOfFourView = z.strictObject({
  sequence: z
    .array(z.int().min(0))
    .optional()
    .meta({ description: "numbers to give the model, as in 31,42,7,8; by default none" }),
  step: z
    .int()
    .min(0)
    .optional()
    .meta({ description: "checkpoint to look at; by default the last", unit: "steps" }),
});
export type MaxOfFourView = z.infer<typeof maxOfFourView>;

const published: Reference = {
  ...gross,
  kind: "published",
  at: "table 1, and 150 seeds of their data repository",
};

/** Max of four: compact proofs of accuracy, over any number of seeds. */
export const maxOfFour: Study<MaxOfFourParams, MaxOfFourView> = {
  name: "max-of-four",
  title: "Max of four: compact proofs of accuracy",
  sources: [gross],
  params: maxOfFourParams,
  view: maxOfFourView,
  smoke: { n: 3, vocab: 10, dModel: 8, seeds: 2, steps: 60, testCount: 200, checkpointEvery: 20 },
  measurements,
  size,
  fit,
  knowsData: ({ given }) => given.has("seed"),
  plans,
  article,
};

/** A model with its seed and what is proved of it; the seed is undefined for a file that does not say. */
interface Proved {
  readonly seed: number | undefined;
  readonly proofs: Proofs;
}

async function* article(
  params: MaxOfFourParams,
  lab: Lab,
  view: MaxOfFourView,
): AsyncGenerator<Block> {
  const training = await lab.training();
  const { curves } = training;
  const model = training.at(view.step);
  const trained = curves.step.length > 0;
  const seen = await model.measure(circuits);
  const first = {
    seed: lab.dataKnown ? params.seed : undefined,
    proofs: await model.measure(proofs),
  };
  const answers = await model.measure(losses);
  const atEnd = training.finished && view.step === undefined;
  const models = atEnd ? [first, ...(await others(params, lab))] : [first];
  const n = (model.config.nCtx as number | undefined) ?? params.n;

  yield summary(...answerInShort(n, first));
  yield metrics({ ...headlines(curves, seen, models), loss: answers.loss });
  if (trained) yield* learning(curves, seen.vocab);
  yield* attending(seen);
  yield* copying(seen);
  yield section("Proofs of accuracy");
  yield answersProse(answers);
  yield* proofProse(
    first.proofs,
    "The cubic proof goes through every largest number, query and smaller number at their worst order. The sub-cubic proof only asks how far below the largest number the others must stay.",
  );
  yield costFigure(first.proofs);
  for (const one of models) yield* boundClaims(one.proofs, one.seed);
  yield* crowd(models, { n, vocab: seen.vocab });
  if (models.some(({ seed }) => seed === 50)) yield seedClaim();
  if (atEnd && asPublished(params)) yield* distribution(models);
  if (view.sequence !== undefined) yield* ownSequence(view.sequence, n, seen.vocab, model);
}

async function others(params: MaxOfFourParams, lab: Lab): Promise<Proved[]> {
  const proved: Proved[] = [];
  for (const seed of modelSeeds(params).slice(1)) {
    const training = await lab.training(modelName(params, seed));
    if (training.finished) proved.push({ seed, proofs: await training.at().measure(proofs) });
  }
  return proved;
}

/** Whether training is that of the published models, whatever the seed. */
function asPublished(params: MaxOfFourParams): boolean {
  const defaults = maxOfFourParams.parse({});
  const names = ["n", "vocab", "dModel", "batchSize", "steps", "lr", "weightDecay"] as const;
  return [...names, "beta1" as const, "beta2" as const].every(
    (name) => params[name] === defaults[name],
  );
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Loss in nats, accuracies and bounds between 0 and 1, means over all models. */
function headlines(curves: Curves, { singularValues }: Circuits, models: readonly Proved[]) {
  const exact = models.flatMap(({ proofs: made }) => made.bruteForce?.accuracy ?? []);
  return {
    ...(curves.step.length === 0 ? {} : { testLoss: lastOf(curves.testLoss) }),
    models: models.length,
    ...(exact.length === 0 ? {} : { bruteForceAccuracy: mean(exact) }),
    cubicBound: mean(models.map(({ proofs: made }) => made.cubic.accuracy)),
    subcubicBound: mean(models.map(({ proofs: made }) => made.subcubic.accuracy)),
    firstSingularValue: singularValues[0] ?? 0,
  };
}

function answerInShort(n: number, { seed, proofs: made }: Proved) {
  const { bruteForce, cubic, subcubic } = made;
  const exact =
    bruteForce === null
      ? "There are too many sequences to run them all. "
      : `It is right on ${percent(bruteForce.accuracy)} of all sequences of ${n} numbers. `;
  return [
    `A transformer of one attention head reads ${n} numbers and answers the largest; the last number is also what asks. How much of its accuracy can be proved without running every sequence? ${exact}`,
    mechanism(
      "most-is-proved",
      subcubic.correct > 0.5 * subcubic.total,
      `A cubic proof covers ${percent(cubic.accuracy)} of them, and even a sub-cubic one ${percent(subcubic.accuracy)}`,
      `A cubic proof covers ${percent(cubic.accuracy)} of them, and a sub-cubic one no more than ${percent(subcubic.accuracy)}`,
    ),
    seed === undefined ? "." : ` (seed ${seed}).`,
  ];
}

function* learning(curves: Curves, vocab: number): Generator<Block> {
  const [start, end] = [curves.testLoss[0] as number, lastOf(curves.testLoss)];
  const chance = Math.log(vocab);
  yield section("Training on sequences that never repeat");
  yield prose(
    "Every batch is drawn afresh, so nothing can be memorized. ",
    behavior(
      "learns",
      end < chance / 2,
      `The test loss falls from ${number(start)} to ${number(end)} nats (guessing among ${vocab} answers costs ${number(chance)}), at an accuracy of ${percent(lastOf(curves.testAccuracy))} on random sequences.`,
      `The test loss is ${number(start)} nats at first and ${number(end)} at the end, at least half of the ${number(chance)} of guessing among ${vocab} answers; ${percent(lastOf(curves.testAccuracy))} of random sequences are answered correctly.`,
    ),
  );
  yield figure(
    "loss",
    "Loss during training",
    "Mean cross-entropy in nats, of the next batch (train) and of a fixed random sample (test).",
    lines({
      x: curves.step,
      series: [
        { name: "train", y: curves.trainLoss },
        { name: "test", y: curves.testLoss },
      ],
      xLabel: "step",
      yLabel: "loss (nats)",
      logY: true,
    }),
  );
}

/** A direction that carries this many times as much as the next is the one that counts. */
const dominant = 3;

function* attending({ scores, singularValues, sizeDirection, vocab }: Circuits): Generator<Block> {
  const [first = 0, second = 1] = singularValues;
  const ordered = falls(sizeDirection);
  const one = first > dominant * second;
  yield section(
    headline(
      mechanism("attends-by-size", one && ordered === 0, "One direction for size", ""),
      "Where it attends",
    ),
  );
  yield prose(
    `The first singular values of the attention scores, "query key", are ${list(singularValues.map(number))}: the first is ${number(first / second)} times the second. `,
    mechanism(
      "sorted-by-size",
      one && ordered === 0,
      "All queries agree on what to attend to: along the first direction every number gets more than the number before.",
      `Along the first direction ${vocab - 1 - ordered} of ${vocab - 1} steps from one number to the next go up.`,
    ),
  );
  yield figure(
    "scores",
    "Attention scores",
    "Not divided by √d, without positions.",
    heatmap({ z: scores, xLabel: "key", yLabel: "query", valueLabel: "score" }),
  );
  yield figure(
    "size-direction",
    "First right singular vector of the scores",
    `What makes a number attended to: from ${number(sizeDirection[0] ?? Number.NaN)} for 0 to ${number(lastOf(sizeDirection))} for ${vocab - 1}.`,
    lines({
      series: [{ name: "size", y: sizeDirection }],
      xLabel: "number",
      yLabel: "component",
    }),
  );
}

function* copying({ copy, margins, vocab }: Circuits): Generator<Block> {
  const right = margins.filter((margin) => margin > 0).length;
  yield section(
    headline(
      mechanism("copies", right === vocab, "It copies what it attends to", ""),
      "What attention writes",
    ),
  );
  yield prose(
    mechanism(
      "raises-itself",
      right === vocab,
      `Each of the ${vocab} numbers raises its own logit most when all attention is on it, by at least ${number(Math.min(...margins))} over any other.`,
      `${right} of the ${vocab} numbers raise their own logit most when all attention is on them.`,
    ),
  );
  yield figure(
    "copy",
    "Logits written by attention",
    "Each row: what a number adds to the logits when all attention is on it.",
    heatmap({
      z: copy,
      xLabel: "output logit token",
      yLabel: "input token",
      valueLabel: "logit",
    }),
  );
}

function* crowd(
  models: readonly Proved[],
  { n, vocab }: Pick<MaxOfFourParams, "n" | "vocab">,
): Generator<Block> {
  const bounds = models.map(({ proofs: made }) => made.cubic.accuracy);
  const bound = mean(bounds).toFixed(4);
  const own =
    models.length > 1
      ? `Over ${count(models.length)} models the cubic bound is ${bound} ± ${spreadOf(bounds).deviation.toFixed(4)}.`
      : `The cubic bound of this model is ${bound}.`;
  const { cubic, bruteForce } = publishedSpread;
  yield section("Beside the published models");
  if (n !== 4 || vocab !== 64) {
    yield prose(`${own} The published models answer four numbers below 64 and are not comparable.`);
    return;
  }
  yield prose(
    `${own} The 150 published ones have ${cubic.mean.toFixed(4)} ± ${cubic.deviation.toFixed(4)}, and accuracies of ${bruteForce.mean.toFixed(4)} ± ${bruteForce.deviation.toFixed(4)}. Rounding decides which weights a seed arrives at, so models are compared as a crowd and not seed by seed.`,
  );
  yield figure(
    "published-models",
    "Accuracy and cubic bound of every model",
    "One point for each model.",
    scatter({
      groups: [
        {
          name: "published",
          x: publishedModels.map(([, correct]) => correct / 64 ** 4),
          y: publishedModels.map(([, , bound]) => bound / 64 ** 4),
          labels: publishedModels.map(([seed]) => `seed ${seed}`),
        },
        {
          name: "here",
          x: models.map(({ proofs: made }) => made.bruteForce?.accuracy ?? Number.NaN),
          y: bounds,
          labels: models.map(({ seed }) => (seed === undefined ? "the file" : `seed ${seed}`)),
        },
      ],
      xLabel: "accuracy (brute force)",
      yLabel: "accuracy proved (cubic)",
    }),
  );
}

function seedClaim(): Block {
  const { model, dataset } = derivedSeeds(50);
  return claim(
    "derived-seeds",
    "seeds of weights and of data of the published model 50, by MD5",
    { ...published, at: "their data repository" },
    [736526336, 1372813824],
    [model, dataset],
  );
}

function* distribution(models: readonly Proved[]): Generator<Block> {
  const accuracies = models.flatMap(({ proofs: made }) => made.bruteForce?.accuracy ?? []);
  const bounds = models.map(({ proofs: made }) => made.cubic.accuracy);
  yield* compared("brute-force", "brute-force accuracy", accuracies, publishedSpread.bruteForce);
  yield* compared("cubic", "cubic bound", bounds, publishedSpread.cubic);
}

/** Fewest models whose mean says something about the published mean. */
const fewest = 5;

function* compared(
  id: string,
  what: string,
  values: readonly number[],
  { mean: wanted, deviation, furthest }: Spread,
): Generator<Block> {
  const away = (value: number) => Math.abs(value - wanted);
  const width = (times: number) => Number((times * deviation).toPrecision(3));
  yield claim(
    `${id}-each`,
    `${what} of the model furthest from the published mean, of ${count(values.length)}`,
    published,
    wanted,
    values.reduce((far, value) => (away(value) > away(far) ? value : far), wanted),
    {
      within: width(4),
      why: `four standard deviations of the 150 published models, of which the furthest is ${furthest.toFixed(1)} away`,
    },
  );
  if (values.length < fewest) return;
  yield claim(
    `${id}-mean`,
    `mean ${what} of ${count(values.length)} models`,
    published,
    wanted,
    mean(values),
    {
      within: width(3 / Math.sqrt(values.length)),
      why: "three standard errors: a mean of so many published models is further away once in 370 times",
    },
  );
}

async function* ownSequence(
  sequence: readonly number[],
  n: number,
  vocab: number,
  model: Snapshot,
): AsyncGenerator<Block> {
  if (sequence.length !== n || sequence.some((one) => one >= vocab)) {
    throw new InputError(
      `max-of-four: sequence must be ${n} numbers from 0 to ${vocab - 1}, got ${sequence.join(",")}`,
    );
  }
  const got: Answer = await model.measure(answer, sequence);
  const best = got.logits.indexOf(Math.max(...got.logits));
  const shares = got.attention.map((share, i) => `${percent(share)} to ${sequence[i]}`);
  yield section(`Your numbers: ${sequence.join(", ")}`);
  yield prose(
    `It answers ${best}; the largest is ${Math.max(...sequence)}. The last number pays ${list(shares)} of its attention.`,
  );
  yield figure(
    "own-logits",
    `Logits for ${sequence.join(", ")}`,
    `The largest is that of ${best}, ${number(Math.max(...got.logits))}.`,
    bars({
      categories: got.logits.map((_, token) => String(token)),
      series: [{ name: "logit", values: got.logits }],
      yLabel: "logit",
    }),
  );
}
