/** The parts of the article with maps over all pairs: neurons and logits. */

import { character, naturalRepresentation, traceTable } from "../../analysis/index.ts";
import {
  type Block,
  figure,
  headline,
  isMost,
  mechanism,
  number,
  percent,
  prose,
  section,
  table,
} from "../../article/index.ts";
import type { NdArray } from "../../core/nd.ts";
import { bars, facets } from "../../figures/index.ts";
import { type FiniteGroup, groupByName } from "../../groups/index.ts";
import { inWords } from "./group-words.ts";
import {
  type Answer,
  answer,
  irrepsOf,
  type LogitMaps,
  logitMaps,
  neuronMaps,
  type Opened,
  parities,
} from "./measure.ts";
import type { Shown } from "./model-sections.ts";

/** Largest order of a group whose maps over all pairs are drawn. */
const largestDrawn = 130;

export const canDraw = ({ question }: Pick<Shown, "question">): boolean =>
  groupByName(question.group).order <= largestDrawn;

/** Neurons that are worth a look: of each representation the purest ones, in turn. */
export function tellingNeurons({ neurons }: Opened, most: number): number[] {
  const byShare = neurons.best.map((_, j) => j).sort((a, b) => share(b) - share(a));
  function share(j: number): number {
    return neurons.best[j] as number;
  }
  const names = [...new Set(byShare.map((j) => neurons.belongsTo[j] ?? ""))].filter(Boolean);
  const queues = names.map((name) => byShare.filter((j) => neurons.belongsTo[j] === name));
  const rounds = Array.from({ length: most }, (_, i) => queues.flatMap((queue) => queue[i] ?? []));
  return rounds.flat().slice(0, most);
}

function neuronTitle({ neurons }: Opened, neuron: number): string {
  const irrep = neurons.belongsTo[neuron] ?? "";
  if (irrep === "") return `${neuron}: never changes`;
  return `${neuron}: ${inWords(irrep)} ${percent(neurons.best[neuron] ?? 0)}`;
}

/** Activations of some neurons over all pairs. */
export async function* neuronFigure(
  { snapshot, question, opened, prefix }: Shown,
  neurons: readonly number[],
  which: string,
): AsyncGenerator<Block> {
  if (neurons.length === 0) return;
  const maps = await snapshot.measure(neuronMaps, question.group, neurons);
  yield figure(
    `${prefix}neurons`,
    "Neurons over all pairs",
    `Activations of ${which}, with the representation that holds most of each neuron's variance.`,
    facets({
      panels: neurons.map((neuron, i) => ({
        title: neuronTitle(opened, neuron),
        z: maps[i] as NdArray,
      })),
      columns: 4,
      xLabel: "b",
      yLabel: "a",
      valueLabel: "activation",
      sequential: true,
    }),
  );
}

export async function* logitSection(shown: Shown): AsyncGenerator<Block> {
  const { opened, prefix, whose, snapshot, question } = shown;
  const { natural, key } = opened.traces;
  const holds = isMost(natural.fraction, 0);
  yield section(
    headline(
      mechanism(
        `${prefix}counts-fixed-points`,
        holds,
        `The logits of ${whose} mostly count fixed points of abc⁻¹`,
        "",
      ),
      `Logits of ${whose} and the trace`,
    ),
  );
  yield prose(
    "Hypothesis of the notebook: the logit of c is the trace of ρ(a)ρ(b)ρ(c)⁻¹, with ρ the permutation matrices, which counts the fixed points of abc⁻¹. Each row is centered over the answers first, since softmax does not see a constant. ",
    mechanism(
      `${prefix}trace-explains`,
      holds,
      `It explains ${percent(natural.fraction)} of the squares of the logits, at least half (mean cosine ${number(natural.cosine)}).`,
      `It explains ${percent(natural.fraction)} of the squares of the logits, less than half (mean cosine ${number(natural.cosine)}).`,
    ),
  );
  if (key !== null) {
    yield prose(
      "With the characters of the key representations, weighted as the logits have them, ",
      mechanism(
        `${prefix}weighted-trace-explains`,
        isMost(key.fraction, 0),
        `${percent(key.fraction)} of the squares are explained, at least half (mean cosine ${number(key.cosine)}). `,
        `${percent(key.fraction)} of the squares are explained, less than half (mean cosine ${number(key.cosine)}). `,
      ),
      `After softmax the cosines are ${number(natural.softmaxCosine)} and ${number(key.softmaxCosine)}; unlike the others these depend on the scale of the hypothesis, which is arbitrary, so they rank nothing.`,
    );
  }
  if (!canDraw(shown)) return;
  yield* logitFigures(shown, await snapshot.measure(logitMaps, question.group));
}

function* logitFigures({ prefix, question }: Shown, maps: LogitMaps): Generator<Block> {
  const group = groupByName(question.group);
  yield figure(
    `${prefix}logits`,
    "Logits over all pairs, as they come",
    "A constant added to all logits of a pair changes no answer, so compare a pair's logits with each other only.",
    facets({
      panels: maps.raw.map((z, c) => ({ title: `logit ${c}: ${group.label(c)}`, z })),
      columns: 4,
      xLabel: "b",
      yLabel: "a",
      valueLabel: "logit (nats)",
    }),
    { folded: true },
  );
  const hypothesis = hypothesisOf(group, maps.scale);
  const beside = (what: string, real: readonly NdArray[], guess: (i: number) => NdArray) =>
    real.flatMap((z, i) => [
      { title: `${what} ${i}`, z },
      { title: "hypothesis", z: guess(i) },
    ]);
  yield figure(
    `${prefix}logits-hypothesis`,
    "Real and hypothesized logits, one answer",
    "Pairs of maps: the logits of one answer, centered, and beside them the trace of the permutation matrices, scaled by one factor to fit.",
    facets({
      panels: beside("answer", maps.byAnswer, hypothesis.byAnswer),
      columns: 4,
      xLabel: "b",
      yLabel: "a",
      valueLabel: "logit (nats)",
    }),
  );
  yield figure(
    `${prefix}logits-hypothesis-first`,
    "Real and hypothesized logits, a fixed",
    "The same cut another way: all answers for one a.",
    facets({
      panels: beside("a =", maps.byFirst, hypothesis.byFirst),
      columns: 4,
      xLabel: "c",
      yLabel: "b",
      valueLabel: "logit (nats)",
    }),
    { folded: true },
  );
}

/** The scaled, centered trace of the permutation matrices over (a, b), and over (b, c). */
function hypothesisOf(group: FiniteGroup, scale: number) {
  const { order: n, table: products } = group;
  const { data } = traceTable(group, character(naturalRepresentation(group)));
  const means = Float64Array.from(
    { length: n },
    (_, g) => data.subarray(g * n, (g + 1) * n).reduce((sum, x) => sum + x, 0) / n,
  );
  const at = (pair: number, c: number): number => {
    const g = products[pair] as number;
    return scale * ((data[g * n + c] as number) - (means[g] as number));
  };
  const square = (entry: (row: number, column: number) => number): NdArray => ({
    dtype: "float32",
    shape: [n, n],
    data: Float32Array.from({ length: n * n }, (_, i) => entry(Math.floor(i / n), i % n)),
  });
  return {
    byAnswer: (c: number) => square((a, b) => at(a * n + b, c)),
    byFirst: (a: number) => square((b, c) => at(a * n + b, c)),
  };
}

/** Answers drawn at most, those with the largest logits. */
const mostAnswers = 24;

/** A pair of the reader's: the answer, and what each representation adds to each logit. */
export async function* ownPair(
  { snapshot, question, opened, prefix }: Shown,
  pair: readonly [number, number],
): AsyncGenerator<Block> {
  const group = groupByName(question.group);
  const got = await snapshot.measure(answer, question, pair);
  const [a, b] = pair;
  const product = group.table[a * group.order + b] as number;
  const order = got.logits.map((_, c) => c).sort((x, y) => at(got.logits, y) - at(got.logits, x));
  const best = order[0] as number;
  const rival = order.find((c) => c !== product) as number;
  const name = (c: number): string => `${c} = ${group.label(c)}`;
  yield section(`Your pair: ${a}, ${b}`);
  yield prose(
    `a is ${name(a)}, b is ${name(b)}, ab is ${name(product)}. The network answers ${name(best)}; the logit of ab is ${number(at(got.logits, product) - at(got.logits, rival))} above that of the next answer, ${name(rival)}.`,
  );
  const key = opened.keyRepresentations;
  yield table(
    `${prefix}pair-margin`,
    "What each representation adds to the logit of ab, less what it adds to the next answer",
    partsOf(got, key).map(({ title, logits }) => ({
      representation: title,
      "logit (nats)": number(at(logits, product) - at(logits, rival)),
    })),
  );
  const shown = order.slice(0, mostAnswers).sort((x, y) => x - y);
  yield figure(
    `${prefix}pair-logits`,
    `Logits for ${a}, ${b}`,
    `The part of the centered logits in the functions of c that each representation spans; the parts add up to the logits.${shown.length < group.order ? ` The ${shown.length} largest of ${group.order} are drawn.` : ""}`,
    bars({
      categories: shown.map((c) => group.label(c)),
      series: partsOf(got, key).map(({ title, logits }) => ({
        name: title,
        values: shown.map((c) => at(logits, c)),
      })),
      xLabel: "answer c",
      yLabel: "logit (nats)",
    }),
  );
}

const at = (values: readonly number[], i: number): number => values[i] as number;

/** The parts of the key representations, and what is left. */
function partsOf({ logits, parts }: Answer, key: readonly string[]) {
  const kept = parts.filter(({ irrep }) => key.includes(irrep));
  const rest = logits.map((x, c) => x - kept.reduce((sum, part) => sum + at(part.logits, c), 0));
  return [
    ...kept.map((part) => ({ title: inWords(part.irrep), logits: part.logits })),
    { title: "everything else", logits: rest },
  ];
}

/** Whether half of the elements are odd. */
const hasParity = ({ order, signature }: FiniteGroup): boolean =>
  Array.from({ length: order }, (_, g) => g).some((g) => signature(g) === -1);

/** A neuron of the reader's. */
export async function* ownNeuron(shown: Shown, neuron: number): AsyncGenerator<Block> {
  const { snapshot, question, opened } = shown;
  const irreps = irrepsOf(question);
  const { shares } = opened.neurons;
  const row = shares.data.subarray(neuron * irreps.length, (neuron + 1) * irreps.length);
  yield section(`Neuron ${neuron}`);
  if (hasParity(groupByName(question.group))) {
    const [means = []] = await snapshot.measure(parities, question.group, [neuron]);
    yield prose(
      `Its mean activation is ${number(at(means, 0))} for a and b even, ${number(at(means, 1))} for a even and b odd, ${number(at(means, 2))} for a odd and b even, ${number(at(means, 3))} for both odd.`,
    );
  }
  yield figure(
    "neuron-shares",
    `Variance of neuron ${neuron} by representation`,
    "Share of its variance over all pairs in functions of a, of b and of ab of each representation.",
    bars({
      categories: irreps.map(({ name }) => inWords(name)),
      series: [{ name: "share", values: row }],
      yLabel: "share of variance",
    }),
  );
  if (!canDraw(shown)) return;
  const [map] = await snapshot.measure(neuronMaps, question.group, [neuron]);
  yield figure(
    "neuron-map",
    `Neuron ${neuron} over all pairs`,
    "Its activation for every a and b.",
    facets({
      panels: [{ title: neuronTitle(opened, neuron), z: map as NdArray }],
      xLabel: "b",
      yLabel: "a",
      valueLabel: "activation",
      sequential: true,
    }),
  );
}

/** Neurons drawn of a representation at most. */
const mostOfOne = 8;

/** A representation of the reader's: its numbers, and the neurons with most of their variance in it. */
export async function* ownRepresentation(shown: Shown, name: string): AsyncGenerator<Block> {
  const { snapshot, question, opened } = shown;
  const index = irrepsOf(question).findIndex((irrep) => irrep.name === name);
  const found = opened.representations[index] as Opened["representations"][number];
  const width = opened.representations.length;
  const share = (neuron: number): number =>
    opened.neurons.shares.data[neuron * width + index] as number;
  const purest = opened.neurons.best
    .map((_, neuron) => neuron)
    .sort((a, b) => share(b) - share(a))
    .slice(0, mostOfOne);
  const { losses } = found;
  yield section(`Representation: ${inWords(name)}`);
  yield prose(
    `Dimension ${found.dimension}. Cosine of the logits with its character: ${found.logitSimilarity === null ? "not asked of the trivial one" : number(found.logitSimilarity)}. It holds ${percent(found.embedA)} of the folded embedding of a, ${percent(found.embedB)} of that of b, ${percent(found.unembed)} of the unembedding, and ${percent(found.hiddenAB)} of the variance of the hidden layer by functions of ab. With its ρ(ab) alone in the hidden layer the loss is ${number(losses.hiddenRestricted)}${question.split === null ? "" : `, without it ${number(losses.hiddenExcluded)} on the training pairs`}.`,
  );
  if (!canDraw(shown)) return;
  const maps = await snapshot.measure(neuronMaps, question.group, purest);
  yield figure(
    "representation-neurons",
    `Neurons with most of their variance in ${inWords(name)}`,
    "Activations over all pairs, with the share of their variance in this representation.",
    facets({
      panels: purest.map((neuron, i) => ({
        title: `${neuron}: ${percent(share(neuron))}`,
        z: maps[i] as NdArray,
      })),
      columns: 4,
      xLabel: "b",
      yLabel: "a",
      valueLabel: "activation",
      sequential: true,
    }),
  );
}
