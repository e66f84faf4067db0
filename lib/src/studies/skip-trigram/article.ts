/**
 * Skip trigrams: three heads of width one learn a table of ten pairs, amid noise. After a notebook
 * on skip trigrams with noise and one-hot embeddings.
 */

import { z } from "zod";
import {
  type Block,
  behavior,
  claim,
  count,
  mechanism,
  metrics,
  percent,
  plural,
  summary,
} from "../../article/index.ts";
import { InputError } from "../../core/errors.ts";
import { type Curves, type FileFacts, type Lab, lastOf, type Study } from "../../lab/index.ts";
import { skipTrigramTokens } from "../../tasks/index.ts";
import { agreed, sizeIn } from "../shared/fit.ts";
import {
  answersSection,
  circuitsSection,
  headSection,
  headsThatTellApart,
  noHeadIsIdle,
  sequenceClaims,
  sequenceSection,
} from "./head-sections.ts";
import {
  type Circuits,
  circuits,
  drawnSets,
  type Fresh,
  fresh,
  measurements,
  opened,
  type Score,
  type Signal,
  signal,
} from "./measure.ts";
import { type SkipTrigramStudyParams, skipTrigramParams } from "./params.ts";
import { plan, printedEpochs, size, updatesPerEpoch } from "./plan.ts";
import { printedSequence } from "./printed.ts";
import { notebook, own, rule } from "./sources.ts";
import {
  bestOf,
  dataClaims,
  dataSection,
  epochTable,
  lnLabels,
  logClaims,
  nats,
  trainingSection,
} from "./training-sections.ts";

const token = z
  .int()
  .min(0)
  .max(skipTrigramTokens - 1);

/** Looked at when a reader does not say otherwise: the last checkpoint, the notebook's sequence, no head. */
export const skipTrigramView = z.strictObject({
  sequence: z
    .array(token)
    .optional()
    .meta({ description: "tokens to give the model; by default 2,5,3,0" }),
  head: z.int().min(0).optional().meta({ description: "head to look at first; by default 0" }),
  step: z
    .int()
    .min(0)
    .optional()
    .meta({ description: "checkpoint to look at; by default the last", unit: "steps" }),
});
export type SkipTrigramView = z.infer<typeof skipTrigramView>;

/** Skip trigrams: three heads of width one learn a table of pairs amid noise. */
export const skipTrigram: Study<SkipTrigramStudyParams, SkipTrigramView> = {
  name: "skip-trigram",
  title: "Skip trigrams: three heads of width one",
  sources: [notebook("its training cell and its cells about the heads")],
  params: skipTrigramParams,
  view: skipTrigramView,
  smoke: { trainCount: 2000, testCount: 200, batchSize: 500, epochs: 8, lr: 0.01 },
  measurements,
  size,
  fit,
  plans: (params) => ({ model: plan(params) }),
  article,
};

/** The parameters with the sizes of a model in a file. */
function fit(params: SkipTrigramStudyParams, file: FileFacts): SkipTrigramStudyParams {
  const [layers = 0, ...tokens] = ["nLayers", "dVocab", "dVocabOut"].map((name) =>
    sizeIn("skip-trigram", file, name),
  );
  if (layers !== 1 || tokens.some((size) => size !== skipTrigramTokens)) {
    throw new InputError(
      `skip-trigram: the model must have 1 layer, 11 tokens and 11 answers, got ${[layers, ...tokens].join(", ")}`,
    );
  }
  const [length, nHeads, dHead] = (["nCtx", "nHeads", "dHead"] as const).map((name) =>
    sizeIn("skip-trigram", file, name),
  ) as [number, number, number];
  return agreed("skip-trigram", params, file, { length, nHeads, dHead });
}

/** Which of the notebook's settings these parameters are. */
function setting(params: SkipTrigramStudyParams) {
  const defaults = skipTrigramParams.parse({});
  const same = (...names: (keyof SkipTrigramStudyParams)[]): boolean =>
    names.every((name) => params[name] === defaults[name]);
  const data = same("length", "oneIn", "trainCount", "testCount", "seed");
  const run =
    data && same("nHeads", "dHead", "earlierEpochs", "initRange", "lr", "weightDecay", "batchSize");
  return { data, run, end: run && params.epochs >= defaults.epochs };
}

async function* article(
  params: SkipTrigramStudyParams,
  lab: Lab,
  view: SkipTrigramView,
): AsyncGenerator<Block> {
  const training = await lab.training();
  const { curves } = training;
  const same = setting(params);
  const model = training.at(view.step);
  checkView(params, view);
  const layout = { length: params.length, oneIn: params.oneIn };
  const [table, heads] = [await model.measure(circuits), await model.measure(signal, layout)];
  const scores = await model.measure(fresh, layout, (params.seed + 1) % 2 ** 32, params.trainCount);

  yield summary(...answerInShort(params, table, heads, scores));
  yield metrics(headlines(params, curves, heads, scores));
  if (lab.dataKnown) {
    const sets = await training.at(0).measure(drawnSets, params);
    yield* dataSection(params, sets);
    if (same.data) yield* dataClaims(sets);
  }
  const perEpoch = updatesPerEpoch(params);
  if (curves.step.length > 0) {
    const asPrinted = same.run && epochTable(curves, perEpoch).epoch.length === printedEpochs;
    yield* trainingSection(params, curves, asPrinted);
    if (asPrinted) yield* logClaims(params, curves);
  }
  const printedStep = printedEpochs * perEpoch;
  if (params.length === printedSequence.length && training.steps.includes(printedStep)) {
    const then = await training.at(printedStep).measure(opened, printedSequence);
    yield* sequenceSection(`After ${printedEpochs} epochs`, "printed", printedSequence, then);
    if (same.run) yield* sequenceClaims(then);
  }
  const sequence = view.sequence ?? printedSequence;
  if (sequence.length === params.length) {
    const when = view.step === undefined ? "At the end" : `At step ${count(model.step ?? 0)}`;
    yield* sequenceSection(when, "final", sequence, await model.measure(opened, sequence));
  }
  yield* circuitsSection(table);
  yield* answersSection(heads);
  if (same.end && training.finished && view.step === undefined) {
    yield* endClaims(params, heads, scores);
  }
  yield* headSection(view.head ?? 0, table, heads);
}

function checkView(
  { length, nHeads }: SkipTrigramStudyParams,
  { sequence = [], head = 0 }: SkipTrigramView,
): void {
  if (sequence.length > 0 && sequence.length !== length) {
    throw new InputError(
      `skip-trigram: sequence must be ${length} tokens from 0 to ${skipTrigramTokens - 1}, got ${sequence.join(",")}`,
    );
  }
  if (head >= nHeads) {
    throw new InputError(`skip-trigram: head must be 0 to ${nHeads - 1}, got ${head}`);
  }
}

function answerInShort(
  params: SkipTrigramStudyParams,
  table: Circuits,
  heads: Signal,
  scores: Fresh,
) {
  const best = bestOf(params);
  const { all, signal: some, noise } = scores;
  const learned = heads.accuracy === 1;
  const apart = headsThatTellApart(table);
  const part = (name: string, { count: n, accuracy, loss }: Score): string =>
    n === 0 ? "" : `Of ${name} ${percent(accuracy)} is right, for ${nats(loss)} nats. `;
  return [
    `${plural(params.nHeads, "attention head")} of width ${params.dHead}, with one-hot embedding and unembedding: can they answer \`a … b 0\` by a table of ten pairs, when one sequence in ${params.oneIn} is such signal${params.oneIn > 1 ? ", and the label of the others is random" : ""}? On ${count(all.count)} new sequences ${percent(all.accuracy)} of the answers are right, where the rule gives ${percent(best.accuracy)} on average; the cross-entropy is ${nats(all.loss)} nats, where the rule gives ${nats(best.loss)}. `,
    part("signal", some),
    part(
      `noise, whose labels are random (at best 1 in 11 right, for ln 11 = ${nats(lnLabels)} nats on average),`,
      noise,
    ),
    behavior(
      "signal-learned",
      learned,
      `All ${count(heads.sequences)} signal sequences are right. `,
      `Of ${count(heads.sequences)} signal sequences ${percent(heads.accuracy)} are right. `,
    ),
    mechanism(
      "every-head-finds-numbers",
      learned ? apart === params.nHeads : undefined,
      "In every head the last token attends more to each number than to any filler. ",
      `In ${apart} of ${params.nHeads} heads the last token attends more to each number than to any filler. `,
    ),
    mechanism(
      "no-head-is-idle",
      learned ? noHeadIsIdle(heads) : undefined,
      "Whichever head is replaced by its mean, some answers are less often right.",
      "Some head can be replaced by its mean without making any answer less often right.",
    ),
  ];
}

/** Losses in nats, accuracies between 0 and 1. */
function headlines(
  params: SkipTrigramStudyParams,
  { step, testLoss, testAccuracy }: Curves,
  heads: Signal,
  { all, signal: some, noise }: Fresh,
): Record<string, number> {
  const best = bestOf(params);
  return {
    ...(step.length === 0
      ? {}
      : { testLoss: lastOf(testLoss), testAccuracy: lastOf(testAccuracy) }),
    signalSequenceAccuracy: heads.accuracy,
    accuracy: all.accuracy,
    loss: all.loss,
    ...(some.count === 0 ? {} : { signalAccuracy: some.accuracy }),
    ...(noise.count === 0 ? {} : { noiseAccuracy: noise.accuracy }),
    bestAccuracy: best.accuracy,
    bestLoss: best.loss,
  };
}

function* endClaims(
  params: SkipTrigramStudyParams,
  heads: Signal,
  { all }: Fresh,
): Generator<Block> {
  const best = bestOf(params);
  yield claim(
    "signal-accuracy",
    "accuracy on all 96 signal sequences at the end: the table is learned",
    own,
    1,
    heads.accuracy,
  );
  yield claim(
    "best-accuracy",
    "accuracy on 100,000 new sequences: the best possible",
    rule,
    best.accuracy,
    all.accuracy,
    { within: 0.005, why: "three standard errors: signal and hits of noise are drawn" },
  );
  yield claim(
    "best-loss",
    "cross-entropy on 100,000 new sequences, near its floor of (ln 11) / 2",
    own,
    best.loss,
    all.loss,
    { within: 0.05, why: "our threshold: about a fiftieth of guessing, ln 11" },
  );
}
