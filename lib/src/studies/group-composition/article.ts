/**
 * Group composition: networks learn ab with the representations of the group. After Chughtai, Chan and
 * Nanda 2023, A toy model of universality, and Chughtai's notebook on S4.
 */

import {
  type Block,
  claim,
  isMost,
  mechanism,
  metrics,
  percent,
  summary,
} from "../../article/index.ts";
import { InputError, UnknownNameError } from "../../core/errors.ts";
import { groupByName } from "../../groups/index.ts";
import { type Curves, type Lab, lastOf, type Study, type Training } from "../../lab/index.ts";
import { checkOrder, fitFile, settingsName } from "./fit.ts";
import { chanceOf, groupSection, named } from "./group-words.ts";
import { kinds } from "./kinds.ts";
import { logitSection, ownPair } from "./logit-sections.ts";
import { irrepsOf, measurements, type Opened, type Question, representations } from "./measure.ts";
import {
  answersRight,
  canDraw,
  embeddingSection,
  neuronSection,
  representationSection,
  type Shown,
  weightSection,
} from "./model-sections.ts";
import {
  byRepresentation,
  cosetProse,
  neuronByNeuron,
  neuronFigure,
  tellingNeurons,
} from "./neuron-sections.ts";
import { notebookSections } from "./notebook-sections.ts";
import {
  type GroupCompositionParams,
  type GroupCompositionView,
  groupCompositionParams,
  groupCompositionView,
} from "./params.ts";
import { companions, plan, size } from "./plan.ts";
import { notebook, universality } from "./printed.ts";
import { publishedSection, repeatedSection } from "./published-sections.ts";
import { growth, learning } from "./training-sections.ts";

/** Group composition: networks that multiply group elements, and by which representations they do so. */
export const groupComposition: Study<GroupCompositionParams, GroupCompositionView> = {
  name: "group-composition",
  title: "Group composition: learning with representations",
  sources: [universality, notebook("all cells")],
  params: groupCompositionParams,
  view: groupCompositionView,
  smoke: {
    group: "S3",
    dEmbed: 16,
    dMlp: 16,
    trainFraction: 0.7,
    steps: 60,
    checkpointEvery: 20,
    evalEvery: 10,
    published: false,
  },
  measurements,
  size,
  fit: fitFile,
  besideFiles: [settingsName],
  knowsData: ({ given, beside }) =>
    settingsName in beside || (given.has("seed") && given.has("trainFraction")),
  plans: (params) => ({ model: plan(params), ...companions(params) }),
  article,
};

/** Neurons drawn of the reader's network, as many as the notebook draws. */
const mostNeurons = 12;

async function* article(
  params: GroupCompositionParams,
  lab: Lab,
  view: GroupCompositionView,
): AsyncGenerator<Block> {
  const training = await lab.training();
  const shown = await opened(params, lab, training, view);
  const asked = checkedView(view, shown);
  const trained = training.curves.step.length > 0;

  yield summary(...inShort(params, shown));
  yield metrics(headlines(shown.opened, shown.question));
  if (trained) yield* learning(training.curves, shown);
  if (isDefault(params) && training.finished && view.step === undefined) {
    yield* trainedClaims(training.curves, shown);
  }
  yield* groupSection(shown.question);
  yield* representationSection(shown);
  yield* embeddingSection(shown);
  yield* neuronSection(shown);
  if (canDraw(shown)) {
    const telling = tellingNeurons(shown.opened, mostNeurons);
    yield* neuronFigure(shown, telling, "the purest neurons of each representation");
    yield* cosetProse(shown, telling);
  }
  yield* logitSection(shown);
  if (canDraw(shown)) yield* weightSection(shown);
  if (asked.pair !== undefined) yield* ownPair(shown, asked.pair);
  yield* byRepresentation(shown, asked.representation);
  yield* neuronByNeuron(shown, asked.neuron);
  if (trained && training.steps.length > 1) yield* growth(training, shown);
  if (params.published && trained) {
    yield* notebookSections(lab, shown);
    yield* publishedSection(lab);
    yield* repeatedSection(await repeated(params, lab));
  }
}

/** The model to look at; what is key still comes from the last checkpoint. */
async function opened(
  params: GroupCompositionParams,
  lab: Lab,
  training: Training,
  view: GroupCompositionView,
): Promise<Shown> {
  const { group, irreps, trainFraction, seed } = params;
  const last = training.at();
  checkOrder(group, Number(last.config.dVocabOut));
  const split = lab.dataKnown ? { trainFraction, seed } : null;
  const question: Question = { group, irreps, split };
  const atEnd = await last.measure(representations, question, null);
  const key = atEnd.keyRepresentations;
  const snapshot = view.step === undefined ? last : training.at(view.step);
  const found =
    view.step === undefined ? atEnd : await snapshot.measure(representations, question, key);
  const start = training.steps[0] === 0 ? training.at(0) : undefined;
  const control = (await start?.measure(representations, question, key)) ?? null;
  return { snapshot, question, opened: found, control, prefix: "", whose: "the network" };
}

/** The reader's wishes. Throws `InputError` for what this network does not have. */
function checkedView(view: GroupCompositionView, { question, opened: found }: Shown) {
  const { order } = groupByName(question.group);
  const { neuron, representation, pair } = view;
  const neurons = found.neurons.belongsTo.length;
  if (neuron !== undefined && neuron >= neurons) {
    throw new InputError(
      `group-composition: neuron must be from 0 to ${neurons - 1}, got ${neuron}`,
    );
  }
  const names = irrepsOf(question).map(({ name }) => name);
  if (representation !== undefined && !names.includes(representation)) {
    throw new UnknownNameError("group-composition", "representation", representation, names);
  }
  if (pair !== undefined && !(pair.length === 2 && pair.every((one) => one < order))) {
    throw new InputError(
      `group-composition: pair must be 2 elements of ${question.group}, from 0 to ${order - 1}, got ${pair.join(",")}`,
    );
  }
  return { neuron, representation, pair: pair as readonly [number, number] | undefined };
}

function inShort({ group, model }: GroupCompositionParams, shown: Shown) {
  const { explained, keyRepresentations: key } = shown.opened;
  const { order } = groupByName(group);
  const chance = chanceOf(shown.question, key);
  return [
    `A ${kinds[model].what} sees two elements a and b of ${group}, a group of ${order} elements, and is asked for their product ab. `,
    answersRight(shown),
    key.length === 0
      ? mechanism(
          "uses-characters",
          false,
          "",
          "No representation of the group stands out in its logits.",
        )
      : mechanism(
          "uses-characters",
          isMost(explained.logits, 0),
          `It does so with representations of the group: characters χ(abc⁻¹) of ${named(key)} make up ${percent(explained.logits)} of the squares of its logits, and functions of these ${percent(explained.embedA)} of its embedding of a (by chance ${percent(chance)}).`,
          `Characters χ(abc⁻¹) of ${named(key)} make up ${percent(explained.logits)} of the squares of its logits, less than half; its embedding of a has ${percent(explained.embedA)} of its squares in functions of these, where chance gives ${percent(chance)}.`,
        ),
  ];
}

/** Names in the published summary_metrics.json of what depends on the split. */
const ofSplit = /^(train|test)_|excluded/;

/** Under the names of the published summary_metrics.json, and the accuracy over all pairs. */
function headlines({ summary: all, performance }: Opened, { split }: Question) {
  const named = Object.entries(all).filter(([name]) => split !== null || !ofSplit.test(name));
  return { ...Object.fromEntries(named), all_acc: performance.accuracy.all };
}

/** S4 has been learned by then with the defaults; no claim is made about less. */
const enoughSteps = 40_000;

function isDefault({ group, model, steps }: GroupCompositionParams): boolean {
  return group === "S4" && model === "one-layer-mlp" && steps >= enoughSteps;
}

const generalize = { ...universality, at: "section 3: the networks generalize perfectly" };

function* trainedClaims(curves: Curves, { opened: found }: Shown): Generator<Block> {
  for (const [id, text, curve] of [
    ["train", "train accuracy at the end", curves.trainAccuracy],
    ["test", "test accuracy at the end", curves.testAccuracy],
  ] as const) {
    yield claim(`${id}-accuracy`, text, generalize, 1, lastOf(curve));
  }
  yield claim(
    "embedding-explained",
    "share of the embedding of a in the key representations (by chance 23/24 when only the trivial one is left out)",
    { ...universality, at: "table 1 (W_a: 99 to 100 %)" },
    0.99,
    found.explained.embedA,
    { atLeast: "the lowest of table 1" },
  );
}

async function repeated(
  params: GroupCompositionParams,
  lab: Lab,
): Promise<Readonly<Record<string, Training>>> {
  const names = Object.keys(companions(params));
  const trainings = await Promise.all(names.map((name) => lab.training(name)));
  return Object.fromEntries(names.map((name, i) => [name, trainings[i] as Training]));
}
