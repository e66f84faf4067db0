/**
 * Addition: a transformer of one layer learns to add 5-digit numbers, one sub-task after another.
 * After Quirke's notebook, the first of Quirke and Barez 2023, Understanding addition in transformers.
 */

import { z } from "zod";
import {
  type Block,
  claim,
  count,
  isMost,
  list,
  mechanism,
  metrics,
  percent,
  prose,
  section,
  summary,
} from "../../article/index.ts";
import { InputError } from "../../core/errors.ts";
import {
  type Curves,
  type FileFacts,
  type Lab,
  lastOf,
  type Snapshot,
  type Study,
  type Training,
} from "../../lab/index.ts";
import { digitCases } from "../../tasks/index.ts";
import { agreed, sizeIn } from "../shared/fit.ts";
import { measurements as answersModule, type Hits, shareOf } from "./answers.ts";
import {
  answerOf,
  attentionSection,
  carryClaim,
  carryHeads,
  carrySection,
  headNames,
  hookSection,
  ownPairHeads,
  pairClaim,
} from "./attention-sections.ts";
import { type CarryExchange, measurements as carriesModule, carryExchange } from "./carries.ts";
import {
  ablationClaim,
  ablationSection,
  componentSection,
  lensClaim,
  lensShares,
  phaseSection,
} from "./component-sections.ts";
import {
  ablations,
  type Components,
  componentNames,
  components,
  digitsOf,
  type MeanAttention,
  meanAttention,
  measurements,
  type OpenBatch,
  openBatch,
  type Scores,
  scores,
} from "./measure.ts";
import { type AdditionStudyParams, additionParams } from "./params.ts";
import { plan, size } from "./plan.ts";
import {
  printedBatch,
  printedCases,
  printedKinds,
  printedPredictions,
  printedQuestion,
} from "./printed.ts";
import { publishedClaims, scoreSection } from "./score-sections.ts";
import { nanda, notebook, printed, quirke, retrained } from "./sources.ts";
import {
  caseSection,
  caseTotals,
  digitSection,
  lossClaims,
  phasesOf,
  trainingSection,
} from "./training-sections.ts";
import { viewSections } from "./view-sections.ts";

/** Looked at when a reader does not say otherwise: the last checkpoint, no sum, head or digit of their own. */
export const additionView = z.strictObject({
  sum: z
    .string()
    .regex(/^\d+\+\d+$/, "must be two numbers, as in 47385+15926")
    .optional()
    .meta({ description: "two numbers to give the model, as in 47385+15926; by default none" }),
  head: z.int().min(0).optional().meta({ description: "head to look at; by default none" }),
  digit: z
    .int()
    .min(0)
    .optional()
    .meta({ description: "digit of the sum to look at, the units are 0; by default none" }),
  step: z
    .int()
    .min(0)
    .optional()
    .meta({ description: "checkpoint to look at; by default the last", unit: "steps" }),
});
export type AdditionView = z.infer<typeof additionView>;

/** Random sums of a trained model, and of one from a file. */
const sums = 20_000;
const fileSums = 100_000;

/** The published model, and what its file does not tell. */
const publishedFile = "progress-measures/5_digit_addition_infinite.pth";
const publishedConfig = { normalizationType: null, actFn: "relu" };

/** A one-layer transformer learns to add. */
export const additionStudy: Study<AdditionStudyParams, AdditionView> = {
  name: "addition",
  title: "Addition: digit by digit, carry by carry",
  sources: [quirke, notebook, nanda],
  params: additionParams,
  view: additionView,
  smoke: {
    digits: 2,
    dModel: 16,
    nHeads: 2,
    dMlp: 32,
    batchSize: 32,
    steps: 40,
    checkpointEvery: 20,
  },
  measurements: [measurements, answersModule, carriesModule],
  size,
  fit,
  plans: (params) => ({ model: plan(params) }),
  article,
};

/** The parameters with the sizes of a model in a file: digits, widths, heads, outputs. */
function fit(params: AdditionStudyParams, facts: FileFacts): AdditionStudyParams {
  const { model, config } = facts;
  if (model !== "hooked-transformer" || config.nLayers !== 1) {
    throw new InputError(
      `addition: the model must be a hooked-transformer of one layer, got a ${model} of ${config.nLayers ?? "unknown"}`,
    );
  }
  const size = (field: string) => sizeIn("addition", facts, field);
  return agreed("addition", params, facts, {
    digits: digitsOf(config),
    dModel: size("dModel"),
    nHeads: size("nHeads"),
    dMlp: size("dMlp"),
    outputs: size("dVocabOut"),
  });
}

/** Which settings of the notebook these parameters are. */
function setting(params: AdditionStudyParams) {
  const defaults = additionParams.parse({});
  const same = (...names: (keyof AdditionStudyParams)[]): boolean =>
    names.every((name) => params[name] === defaults[name]);
  const data = same("digits", "data", "batchSize", "seed");
  const model = data && same("dModel", "nHeads", "dMlp", "outputs");
  const training = model && same("lr", "weightDecay", "beta1", "beta2", "warmupSteps", "evalEvery");
  return { data: data && same("steps"), training, whole: training && same("steps") };
}

async function* article(
  params: AdditionStudyParams,
  lab: Lab,
  view: AdditionView,
): AsyncGenerator<Block> {
  const training = await lab.training();
  const { curves } = training;
  const model = training.at(view.step);
  const digits = digitsOf(model.config);
  const trained = curves.step.length > 0;
  const same = setting(params);
  const judged = same.whole && training.finished && view.step === undefined;
  const found = await model.measure(scores, trained ? sums : fileSums);
  const read = await model.measure(meanAttention);
  const carried = await model.measure(carryExchange);
  const written = await model.measure(components);
  const number = params.steps + printedBatch - additionParams.parse({}).steps;
  const { seed, batchSize } = params;
  const batch = await model.measure(openBatch, { seed, batchSize, number });

  yield summary(...answerInShort(digits, found, read, carried, written));
  yield metrics(headlines(curves, found));
  yield* question(digits);
  const phases = trained ? phasesOf(curves, digits) : [];
  if (trained) {
    yield* trainingSection(params, curves, same.training);
    if (same.training) yield* lossClaims(curves, params);
    yield* caseSection(params, curves);
    if (same.whole) yield caseClaim(training, params);
    yield* digitSection(params, curves, phases);
  }
  yield* scoreSection("How well it adds", "final", found);
  if (judged) yield accuracyClaim(found);
  yield* attentionSection(read, batch);
  if (judged) yield pairClaim(read);
  yield* carrySection(carried);
  if (judged) yield carryClaim(carried);
  const isNew = lab.dataKnown && params.data === "infinite";
  yield* hookSection(batch, { isNew, asPrinted: judged });
  if (same.data && lab.dataKnown) yield* batchClaims(batch);
  if (judged) yield answerClaim(batch);
  yield* parts(training, model, written, phases, judged);
  const seen = { curves, phases, attention: read, carries: carried, written };
  yield* viewSections(model, view, seen);
  if (params.digits === additionParams.parse({}).digits) yield* publishedSection(lab);
}

function answerInShort(
  digits: number,
  found: Scores,
  read: MeanAttention,
  carried: CarryExchange,
  written: Components,
) {
  const { all, byKind } = found;
  const worst = found.digitAccuracy.indexOf(Math.min(...found.digitAccuracy));
  const share = (i: number) => percent(shareOf(byKind[i] as Hits));
  const readers = ownPairHeads(read);
  const carriers = carryHeads(carried);
  const moved = carriers.filter((head) => head !== undefined);
  const by = [...new Set(moved)].sort((a, b) => a - b);
  const [attended, added] = lensShares(written);
  return [
    `Can a transformer of one layer add numbers of ${digits} digits, and how does it? Of ${count(all.count)} random sums it answers ${percent(shareOf(all))} with every digit right: ${share(0)} of those without a carry, ${share(1)} of those with carries, ${share(2)} where a carry passes a column that sums to 9. Its weakest digit is ${found.digits[worst]}, right in ${percent(found.digitAccuracy[worst] ?? Number.NaN)}. `,
    mechanism(
      "adds-pairs",
      readers.length > 0 && !isMost(attended, 0.1) && isMost(added, 0.1),
      `For each digit ${headNames(readers)} ${readers.length === 1 ? "reads" : "read"} the two digits that are added, and the MLP adds them: ${percent(attended)} of the digits below the leading one can be read off the residual stream before the MLP, ${percent(added)} after it (10 % by chance). `,
      `It is not so that heads read the two digits that are added and the MLP adds them: ${readers.length} of ${read.usual.shape[0]} heads read these two, and ${percent(attended)} of the digits below the leading one can be read off the residual stream before the MLP, ${percent(added)} after it (10 % by chance). `,
    ),
    mechanism(
      "carries-by-heads",
      moved.length > 0,
      `Into ${moved.length} of ${digits} digits most carries come through a single head${by.length === 1 ? "" : " each"}: ${headNames(by)}.`,
      "Into no digit do most carries come through a single head.",
    ),
  ];
}

/** Losses in nats, shares between 0 and 1. */
function headlines(curves: Curves, found: Scores): Record<string, number> {
  const digits = found.digits.length - 1;
  const named = (name: string, values: readonly number[]) =>
    values.map((value, i) => [`${name}${found.digits[i]}`, value] as const);
  const cascades = found.byCascade.flatMap((hits, nines) =>
    hits.count === 0 ? [] : [[`accuracy.cascade${nines}`, shareOf(hits)] as const],
  );
  const cases = digitCases.flatMap((one, row) =>
    found.digits.slice(1).flatMap((digit, column) => {
      const loss = found.caseLoss.data[row * digits + column] as number;
      return Number.isNaN(loss) ? [] : [[`loss.${one}.${digit}`, loss] as const];
    }),
  );
  return {
    ...(curves.step.length === 0 ? {} : { trainLoss: lastOf(curves.trainLoss) }),
    questions: found.all.count,
    accuracy: shareOf(found.all),
    loss: found.loss,
    ...Object.fromEntries([...named("accuracy.", found.digitAccuracy), ...cascades, ...cases]),
  };
}

function* question(digits: number): Generator<Block> {
  yield section("The task");
  yield prose(
    `The model reads \`${"1".repeat(digits)}+${"2".repeat(digits)}=\` and writes the sum digit by digit, most significant first; in training the digits before are the right ones. Digits are named as in Quirke and Barez 2023: A0 is the units digit of the sum, A${digits} its leading carry. Step n is after n updates.`,
  );
  yield prose(
    "A digit is a case of *BaseAdd* when no carry comes in, of *UseCarry1* when one does, and of *UseSum9* when one comes in and the two digits sum to 9, so that the carry moves on. The digit before one of UseSum9 gives that carry away: in a column that sums to 9 a carry goes out exactly where one comes in, and whether one goes out shows in the digit to the left.",
  );
}

function caseClaim({ curves, finished }: Training, { steps }: AdditionStudyParams): Block {
  return claim(
    "cases",
    `digits of cases ${list(digitCases)} in 3,000 batches`,
    printed("titles of the figures"),
    digitCases.map((one) => printedCases[one]),
    finished ? caseTotals(curves, steps) : undefined,
  );
}

function accuracyClaim({ all }: Scores): Block {
  return claim(
    "accuracy",
    "share of 20,000 random sums with every digit right",
    retrained,
    0.886,
    shareOf(all),
    {
      within: 0.02,
      why: "three times what two runs that differ in rounding alone are apart, 0.886 and 0.879",
    },
  );
}

function* batchClaims({ kinds, first }: OpenBatch): Generator<Block> {
  const source = printed("attention patterns");
  yield claim(
    "batch-kinds",
    `questions of kinds ${list(digitCases)} in batch ${printedBatch}`,
    source,
    digitCases.map((one) => printedKinds[one]),
    kinds,
  );
  yield claim(
    "batch-first",
    `first question of batch ${printedBatch}`,
    source,
    printedQuestion,
    first,
  );
}

function answerClaim(batch: OpenBatch): Block {
  return claim(
    "printed-answer",
    `answer to ${printedQuestion}, read where it is predicted`,
    printed("hook experiment"),
    answerOf({ ...batch, predictions: [...printedPredictions] }),
    answerOf(batch),
  );
}

async function* parts(
  training: Training,
  model: Snapshot,
  written: Components,
  phases: ReturnType<typeof phasesOf>,
  judged: boolean,
): AsyncGenerator<Block> {
  const names = componentNames(model.config);
  const [, ...replaced] = names;
  const digits = digitsOf(model.config);
  yield* componentSection(written, names);
  if (judged) yield lensClaim(written);
  const cut = await model.measure(ablations);
  yield* ablationSection(cut, replaced, digits);
  if (judged) yield ablationClaim(cut, digits);
  if (training.steps.length < 2) return;
  const all = [];
  for (const step of training.steps) {
    all.push({ step, found: await training.at(step).measure(ablations) });
  }
  yield* phaseSection(all, phases, replaced, digits);
}

async function* publishedSection(lab: Lab): AsyncGenerator<Block> {
  const model = await lab.published(publishedFile, publishedConfig);
  if (model === undefined) return;
  const found = await model.measure(scores, fileSums);
  yield* scoreSection("The published model of 5-digit addition", "published", found);
  yield* publishedClaims(found);
}
