/**
 * Induction heads: two layers of attention learn to look up what followed a token before. After
 * Elhage et al. 2021, Olsson et al. 2022, and a run that Nanda et al. 2023 published.
 */

import { z } from "zod";
import {
  type Block,
  behavior,
  claim,
  count,
  explore,
  figure,
  list,
  mechanism,
  metrics,
  number,
  percent,
  prose,
  section,
  summary,
} from "../../article/index.ts";
import { InputError } from "../../core/errors.ts";
import {
  type FileFacts,
  type Lab,
  lastOf,
  type Snapshot,
  type Study,
  type Training,
} from "../../lab/index.ts";
import { type InductionLayout, inductionToken, sequenceLength } from "../../tasks/index.ts";
import { agreed, sizeIn } from "../shared/fit.ts";
import {
  ablationSection,
  attentionFigure,
  attentionSection,
  circuit,
  compositionSection,
  type Opened,
  scoreSection,
} from "./head-sections.ts";
import { ablations, answer, heads, losses, measurements, moment, storedLosses } from "./measure.ts";
import { type InductionHeadsParams, inductionHeadsParams } from "./params.ts";
import { plan, size } from "./plan.ts";
import { type Head, headName, scoreOf, scoring, strongest } from "./scores.ts";
import { elhage, olsson, progressMeasures } from "./sources.ts";
import {
  developmentSection,
  type Followed,
  fallClaims,
  lossSection,
  placesFigure,
} from "./training-sections.ts";

const chosen = z.int().min(0).optional();

/** Looked at when a reader does not say otherwise: the last checkpoint, no head and no sequence. */
export const inductionHeadsView = z.strictObject({
  sequence: z.array(z.int().min(1)).min(1).optional().meta({
    description: "tokens to give the model after its beginning, as in 5,9,2,5; by default none",
  }),
  layer: chosen.meta({ description: "layer of the heads to look at; by default 1" }),
  head: chosen.meta({
    description: "head to look at first; by default the one that looks up most",
  }),
  step: chosen.meta({ description: "checkpoint to look at; by default the last", unit: "steps" }),
});
export type InductionHeadsView = z.infer<typeof inductionHeadsView>;

/** Induction heads: two layers of attention that learn to continue a repeated sequence. */
export const inductionHeads: Study<InductionHeadsParams, InductionHeadsView> = {
  name: "induction-heads",
  title: "Induction heads: looking up what came next",
  sources: [olsson, elhage, progressMeasures],
  params: inductionHeadsParams,
  view: inductionHeadsView,
  smoke: {
    vocabulary: 12,
    copyLength: 4,
    copies: 2,
    slack: 3,
    dModel: 16,
    nHeads: 2,
    steps: 20,
    evalEvery: 5,
    checkpointEvery: 10,
  },
  measurements: [measurements, scoring],
  size,
  fit,
  plans: (params) => ({ model: plan(params) }),
  article,
};

/** The parameters with the sizes of a model in a file; lengths must agree. */
function fit(params: InductionHeadsParams, file: FileFacts): InductionHeadsParams {
  const field = (name: string): number => sizeIn("induction-heads", file, name);
  if (field("nLayers") !== 2) {
    throw new InputError(
      `induction-heads: the model must have two layers, got ${field("nLayers")}`,
    );
  }
  const wanted = sequenceLength(params);
  if (field("nCtx") !== wanted) {
    throw new InputError(
      `induction-heads: the model must have ${wanted} positions, 1 + copies * (copyLength + slack), got ${field("nCtx")}; set these`,
    );
  }
  const [dModel, vocabulary, nHeads] = [field("dModel"), field("dVocab"), field("nHeads")];
  return agreed("induction-heads", params, file, { dModel, vocabulary, nHeads });
}

/** The published run, and the configuration that its file does not tell. */
const publishedFile = "progress-measures/induction_head_infinite.pth";
const publishedConfig = { normalizationType: null };

/** Batches of 128 that losses are taken of. */
const [ownBatches, publishedBatches] = [16, 100];

async function open(model: Snapshot, layout: InductionLayout, batches: number): Promise<Opened> {
  const found = await model.measure(heads, layout);
  const { previousHeads, inductionHeads } = found;
  return {
    guess: Math.log(layout.vocabulary - 1),
    losses: await model.measure(losses, layout, batches),
    heads: found,
    ablations: await model.measure(ablations, layout, previousHeads, inductionHeads),
  };
}

function layoutOf({ vocabulary, copyLength, copies, slack }: InductionHeadsParams) {
  return { vocabulary, copyLength, copies, slack };
}

async function* article(
  params: InductionHeadsParams,
  lab: Lab,
  view: InductionHeadsView,
): AsyncGenerator<Block> {
  const training = await lab.training();
  const model = training.at(view.step);
  const asked = checkedView(view, model, params);
  const opened = await open(model, layoutOf(params), ownBatches);
  const judged = isDefault(params) && training.finished && view.step === undefined;
  const published = lab.dataKnown ? await publishedRun(lab) : undefined;
  const whose = { id: "", title: "", judged };

  yield summary(...answerInShort(params, opened));
  yield metrics(headlines(opened, training));
  yield* told(params, training, opened, published?.stored ?? [], judged);
  yield* attentionSection(whose, opened);
  yield* scoreSection(whose, opened);
  yield* compositionSection(whose, opened);
  yield* ablationSection(whose, opened);
  yield* headSection(asked.head ?? strongestIn(asked.layer, opened), opened);
  if (asked.sequence !== undefined) yield* ownSequence(asked.sequence, asked.head, model);
  if (published !== undefined) yield* publishedSections(published);
}

function isDefault(params: InductionHeadsParams): boolean {
  const defaults: Readonly<Record<string, unknown>> = inductionHeadsParams.parse({});
  return Object.entries(params).every(([name, value]) => defaults[name] === value);
}

function checkedView(
  { layer = 1, head, sequence }: InductionHeadsView,
  { config }: Snapshot,
  { vocabulary }: InductionHeadsParams,
): { readonly layer: number; readonly head?: Head; readonly sequence?: readonly number[] } {
  const { nLayers, nHeads, nCtx } = config as Readonly<Record<string, number>>;
  if (layer >= Number(nLayers) || (head ?? 0) >= Number(nHeads)) {
    throw new InputError(
      `induction-heads: layer must be below ${nLayers} and head below ${nHeads}, got layer ${layer}${head === undefined ? "" : ` and head ${head}`}`,
    );
  }
  if (sequence !== undefined) {
    const most = Number(nCtx) - 1;
    if (sequence.length > most || sequence.some((token) => token >= vocabulary)) {
      throw new InputError(
        `induction-heads: sequence must be 1 to ${most} tokens from 1 to ${vocabulary - 1}, got ${sequence.join(",")}`,
      );
    }
  }
  return {
    layer,
    ...(head === undefined ? {} : { head: [layer, head] as const }),
    ...(sequence && { sequence: [0, ...sequence] }),
  };
}

function answerInShort({ copyLength }: InductionHeadsParams, opened: Opened) {
  const { guess, losses: paid, heads: found } = opened;
  const { scores, chance } = found;
  const { learned, both, composing } = circuit(opened);
  const [back, up] = [strongest(scores.previous), strongest(scores.induction)];
  const share = (kind: "previous" | "induction", head: Head) =>
    `${percent(scoreOf(scores[kind], head))} of its attention`;
  return [
    `In a sequence of random tokens ${copyLength} tokens in a row come back: the only way to predict anything is to remember what followed a token when it stood there before. Can two layers of attention learn that, and how do they do it? Guessing costs ${number(guess)} nats; `,
    behavior(
      "learned",
      learned,
      `on later copies the model pays ${number(paid.later)}, less than half of that. `,
      `on later copies the model pays ${number(paid.later)}, at least half of that. `,
    ),
    mechanism(
      "two-kinds-of-heads",
      both,
      `It uses two kinds of heads in a row: in layer 0 ${headName(back)} gives ${share("previous", back)} to the token before, and in layer 1 ${headName(up)} gives ${share("induction", up)} to the token after an earlier occurrence of the present one: an *induction head*. `,
      `The head that looks back most is ${headName(back)}, with ${share("previous", back)} on the token before (${percent(chance.previous)} when spread evenly), and the one that looks up most ${headName(up)}, with ${share("induction", up)} on the token after an earlier occurrence of the present one (${percent(chance.induction)}). `,
    ),
    mechanism(
      "one-reads-the-other",
      both ? composing.length === found.inductionHeads.length : undefined,
      "The keys of every induction head read a head that looks back more than any other head of layer 0. ",
      "It is not so that the keys of every induction head read a head that looks back more than any other head of layer 0. ",
    ),
    "Copies stand at random places, so the distance between them says nothing. A head is written L*layer*H*head*; losses are in nats; step n is after n updates.",
  ];
}

function headlines(opened: Opened, { curves }: Training): Record<string, number> {
  const { losses: paid, heads: found, ablations: lost } = opened;
  const { scores, previousHeads, inductionHeads } = found;
  return {
    ...(curves.step.length === 0 ? {} : { trainLoss: lastOf(curves.trainLoss) }),
    loss: paid.later,
    firstCopyLoss: paid.first,
    previousTokenScore: scoreOf(scores.previous, strongest(scores.previous)),
    inductionScore: scoreOf(scores.induction, strongest(scores.induction)),
    previousTokenHeads: previousHeads.length,
    inductionHeads: inductionHeads.length,
    lossWithoutPreviousTokenHeads: lost.previous,
    lossWithoutInductionHeads: lost.induction,
    ...Object.fromEntries(
      inductionHeads.map((head) => [
        `induction.${headName(head)}`,
        scoreOf(scores.induction, head),
      ]),
    ),
  };
}

/** How it was learned, where that is known. */
async function* told(
  params: InductionHeadsParams,
  training: Training,
  opened: Opened,
  stored: readonly number[],
  judged: boolean,
): AsyncGenerator<Block> {
  const { curves, steps } = training;
  if (curves.step.length === 0) {
    yield section("Losses");
    yield placesFigure(opened.losses);
    return;
  }
  const moments = [];
  for (const step of steps) moments.push(await training.at(step).measure(moment, layoutOf(params)));
  const followed: Followed = { steps, moments };
  yield* lossSection(params, curves, opened, followed, stored);
  yield placesFigure(opened.losses);
  if (steps.length > 1) yield* developmentSection(curves, opened, followed);
  if (judged) yield* fallClaims(params, curves, opened, followed);
}

/** The head of a layer that looks up most. */
function strongestIn(layer: number, { heads: found }: Opened): Head {
  const row = found.scores.induction[layer] ?? [];
  return [layer, row.indexOf(Math.max(...row))];
}

/** Heads of a layer that the page holds a part of for each. */
const mostExplored = 16;

/** One head after the other: what it does, and where it attends on the sequence of the figure above. */
function* headSection([layer, asked]: Head, opened: Opened): Generator<Block> {
  const heads = Array.from({ length: opened.heads.copied[layer]?.length ?? 0 }, (_, head) => head);
  yield section(`One head of layer ${layer}`);
  yield explore("head", heads.length <= mostExplored ? heads : [asked], asked, (head) =>
    oneHead([layer, head], opened),
  );
}

function* oneHead(head: Head, { heads: found, ablations: lost }: Opened): Generator<Block> {
  const { scores, chance, copied, example } = found;
  const share = (kind: keyof typeof scores) => percent(scoreOf(scores[kind], head));
  yield prose(
    `${headName(head)} gives ${share("previous")} of its attention to the token before within the first copy (${percent(chance.previous)} when spread evenly), and from later copies ${share("duplicate")} to the same token and ${share("induction")} to what followed it (${percent(chance.induction)}). ${percent(scoreOf(copied, head))} of the tokens raise their own logit most by its values. Without it the loss on later copies is ${number(scoreOf(lost.mean, head))} nats, with all heads ${number(lost.whole)}.`,
  );
  yield figure(
    "one-head",
    `Attention of ${headName(head)}`,
    "On the sequence of the figure of all heads.",
    attentionFigure(example.tokens, example.pattern, head),
  );
}

/** Tokens that are named of those that the model expects. */
const named = 3;

async function* ownSequence(
  sequence: readonly number[],
  head: Head | undefined,
  model: Snapshot,
): AsyncGenerator<Block> {
  const { expected, pattern } = await model.measure(answer, sequence);
  const last = lastOf(sequence);
  const followers = new Set(sequence.slice(1).filter((_, i) => sequence[i] === last));
  const best = expected
    .map((share, token) => ({ share, token }))
    .sort((a, b) => b.share - a.share)
    .slice(0, named);
  const earlier = [...followers].map((token) => `${token}, with ${percent(expected[token] ?? 0)}`);
  yield section(`Your tokens: ${sequence.map(inductionToken).join(" ")}`);
  yield prose(
    `Next it expects ${list(best.map(({ share, token }) => `${inductionToken(token)} (${percent(share)})`))}. `,
    followers.size === 0
      ? `${inductionToken(last)} does not stand there before, so there is nothing to look up.`
      : `When ${inductionToken(last)} stood there before, it was followed by ${list(earlier)}.`,
  );
  yield figure(
    "own-attention",
    head === undefined ? "Attention of each head" : `Attention of ${headName(head)}`,
    "On your tokens: destination down, source across.",
    attentionFigure(sequence, pattern, head),
  );
}

interface PublishedRun extends Opened {
  /** Its stored loss in nats of the batch before each update. */
  readonly stored: readonly number[];
}

async function publishedRun(lab: Lab): Promise<PublishedRun | undefined> {
  const model = await lab.published(publishedFile, publishedConfig);
  if (model === undefined) return undefined;
  const file = { model: "hooked-transformer", config: model.config };
  const facts = { ...file, given: new Set<string>(), beside: {} };
  const params = fit(inductionHeadsParams.parse({}), facts);
  const opened = await open(model, layoutOf(params), publishedBatches);
  return { ...opened, stored: await model.measure(storedLosses) };
}

/** Stored losses averaged over the last so many updates. */
const publishedWindow = 100;

function* publishedSections(run: PublishedRun): Generator<Block> {
  const whose = { id: "published-", title: "Published run: ", judged: true };
  const last = run.stored.slice(-publishedWindow);
  const mean = last.reduce((sum, x) => sum + x, 0) / last.length;
  const { later } = run.losses;
  yield metrics({ publishedLoss: later });
  yield section("The published run");
  yield prose(
    `Nanda et al. 2023 published a model after ${count(run.stored.length)} updates on such sequences; the code of this run is not public. Its loss on later copies is ${later.toFixed(3)} nats here, on ${count(run.losses.sequences)} new sequences; the mean of its last ${last.length} stored losses is ${mean.toFixed(3)}. Its weights are read as those of blocks that pass their input on twice (2x + attention, not x + attention): we divide and multiply them by powers of two, so that an ordinary model computes the same.`,
  );
  yield claim(
    "published-loss",
    "published run: loss in nats; stored: mean of the last 100 updates",
    progressMeasures,
    mean,
    later,
    { within: 0.011, why: "three standard errors of both means, 0.0025 and 0.0024" },
  );
  yield* attentionSection(whose, run);
  yield* scoreSection(whose, run);
  yield* compositionSection(whose, run);
  yield* ablationSection(whose, run);
}
