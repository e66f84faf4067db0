/** The parts of the article about single neurons: maps, cosets, one at a time. */

import {
  type Block,
  count,
  explore,
  figure,
  isMost,
  list,
  mechanism,
  number,
  percent,
  prose,
  section,
} from "../../article/index.ts";
import type { NdArray } from "../../core/nd.ts";
import { bars, facets } from "../../figures/index.ts";
import { type FiniteGroup, groupByName } from "../../groups/index.ts";
import { chanceOf, inWords } from "./group-words.ts";
import { cosets, irrepsOf, neuronMaps, type Opened, parities } from "./measure.ts";
import { canDraw, capital, type Shown } from "./model-sections.ts";
import { byCoset } from "./representations/index.ts";

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

/** Largest order of a group of which every neuron and representation is drawn. */
const largestBaked = 30;

/** How activations over all pairs are drawn. */
const pairAxes = {
  ...{ columns: 4, xLabel: "b", yLabel: "a", valueLabel: "activation" },
  sequential: true,
} as const;

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
      ...pairAxes,
    }),
  );
}

/** On which cosets the neurons fire; `neurons` are drawn again, ordered by them. */
export async function* cosetProse(shown: Shown, neurons: readonly number[]): AsyncGenerator<Block> {
  const { snapshot, question, prefix } = shown;
  const group = groupByName(question.group);
  const found = await snapshot.measure(cosets, question.group);
  const fitting = found.flatMap((one) => (one === null ? [] : [one]));
  const orders = [...new Set(fitting.map(({ length }) => length))].sort((a, b) => b - a);
  const each = orders.map((order) => {
    return `${count(fitting.filter(({ length }) => length === order).length)} with ${order} elements`;
  });
  const share = fitting.length / found.length;
  yield prose(
    "Do they fire on cosets (Stander et al. 2024)? A neuron fires for an a when its mean over b is above half of its largest, and the other way around. ",
    mechanism(
      `${prefix}neurons-fire-on-cosets`,
      isMost(share, 0),
      `${count(fitting.length)} of ${count(found.length)} neurons, at least half, fire for a union of cosets aH and a union of cosets Hb of one cyclic subgroup H: ${list(each)}.`,
      `${count(fitting.length)} of ${count(found.length)} neurons, less than half, fire for a union of cosets aH and a union of cosets Hb of one cyclic subgroup H.`,
    ),
  );
  const subgroup = mostFrequent(neurons.map((neuron) => found[neuron] ?? null));
  if (subgroup === undefined || group.order > largestBaked) return;
  const maps = await snapshot.measure(neuronMaps, question.group, neurons);
  const { left, right } = byCoset(group, subgroup);
  yield figure(
    `${prefix}neurons-by-coset`,
    `The same neurons by cosets of ${list(subgroup.map((h) => group.label(h)))}`,
    `Rows in order of cosets aH, columns in order of cosets Hb, ${subgroup.length} elements each; H is the subgroup that most of these neurons fit.`,
    facets({
      ...pairAxes,
      panels: neurons.map((neuron, i) => ({
        title: String(neuron),
        z: left.map((a) =>
          right.map((b) => Number((maps[i] as NdArray).data[a * group.order + b])),
        ),
      })),
      x: right.map(String),
      y: left.map(String),
    }),
    { folded: true },
  );
}

function mostFrequent(
  subgroups: readonly (readonly number[] | null)[],
): readonly number[] | undefined {
  const all = subgroups.filter((one) => one !== null);
  const times = (one: readonly number[]) =>
    all.filter((other) => other.join() === one.join()).length;
  return [...all].sort((a, b) => times(b) - times(a))[0];
}

/** What a slider chooses from, and what is seen first; undefined where nothing is. */
function choices<T>(all: readonly T[], baked: boolean, asked: T | undefined, first: T | undefined) {
  const value = asked ?? (baked ? first : undefined);
  return value === undefined ? undefined : { values: baked ? all : [value], value };
}

/** Most neurons behind a slider. */
const mostNeurons = 128;

/** One neuron at a time: the reader's, and where that is small any. */
export async function* neuronByNeuron(shown: Shown, asked?: number): AsyncGenerator<Block> {
  const { snapshot, question, opened } = shown;
  const group = groupByName(question.group);
  const all = tellingNeurons(opened, mostNeurons).sort((a, b) => a - b);
  const [purest] = tellingNeurons(opened, 1);
  const chosen = choices(all, group.order <= largestBaked, asked, purest);
  if (chosen === undefined) return;
  const { values, value } = chosen;
  const neurons = [...new Set([value, ...values])];
  const maps = canDraw(shown) ? await snapshot.measure(neuronMaps, question.group, neurons) : [];
  const means = await snapshot.measure(parities, question.group, neurons);
  yield section("Neuron by neuron");
  yield explore("neuron", values, value, (neuron) => {
    const i = neurons.indexOf(neuron);
    return oneNeuron(shown, neuron, maps[i], hasParity(group) ? means[i] : undefined);
  });
}

/** Whether half of the elements are odd. */
const hasParity = ({ order, signature }: FiniteGroup): boolean =>
  Array.from({ length: order }, (_, g) => g).some((g) => signature(g) === -1);

function* oneNeuron(
  { question, opened }: Shown,
  neuron: number,
  map: NdArray | undefined,
  means: readonly number[] | undefined,
): Generator<Block> {
  const irreps = irrepsOf(question);
  const { shares } = opened.neurons;
  if (means !== undefined) {
    yield prose(
      `The mean activation of neuron ${neuron} is ${number(means[0] as number)} for a and b even, ${number(means[1] as number)} for a even and b odd, ${number(means[2] as number)} for a odd and b even, ${number(means[3] as number)} for both odd.`,
    );
  }
  yield figure(
    "neuron-shares",
    `Variance of neuron ${neuron} by representation`,
    "Share of its variance over all pairs in functions of a, of b and of ab of each representation.",
    bars({
      categories: irreps.map(({ name }) => inWords(name)),
      series: [
        {
          name: "share",
          values: shares.data.subarray(neuron * irreps.length, (neuron + 1) * irreps.length),
        },
      ],
      yLabel: "share of variance",
      height: 320,
    }),
  );
  if (map === undefined) return;
  yield figure(
    "neuron-map",
    `Neuron ${neuron} over all pairs`,
    "Its activation for every a and b.",
    facets({ ...pairAxes, panels: [{ title: neuronTitle(opened, neuron), z: map }] }),
  );
}

/** Neurons drawn of a representation at most. */
const mostOfOne = 8;

/** One representation at a time: its numbers, and the neurons with most of their variance in it. */
export async function* byRepresentation(shown: Shown, asked?: string): AsyncGenerator<Block> {
  const { question, opened } = shown;
  const names = opened.representations.map(({ name }) => name);
  const baked = groupByName(question.group).order <= largestBaked;
  const chosen = choices(names, baked, asked, opened.keyRepresentations[0] ?? names[0]);
  if (chosen === undefined) return;
  yield section("Representation by representation");
  yield explore("representation", chosen.values, chosen.value, (name) =>
    oneRepresentation(shown, name),
  );
}

async function* oneRepresentation(shown: Shown, name: string): AsyncGenerator<Block> {
  const { snapshot, question, opened } = shown;
  const index = opened.representations.findIndex((one) => one.name === name);
  const found = opened.representations[index] as Opened["representations"][number];
  const width = opened.representations.length;
  const share = (neuron: number): number =>
    opened.neurons.shares.data[neuron * width + index] as number;
  const purest = opened.neurons.best
    .map((_, neuron) => neuron)
    .sort((a, b) => share(b) - share(a))
    .slice(0, mostOfOne);
  const { losses } = found;
  yield prose(
    `${capital(inWords(name))}, of dimension ${found.dimension}. Cosine of the logits with its character: ${found.logitSimilarity === null ? "not asked of the trivial one" : number(found.logitSimilarity)}. It holds ${percent(found.embedA)} of the folded embedding of a, ${percent(found.embedB)} of that of b and ${percent(found.unembed)} of the unembedding (each ${percent(chanceOf(question, [name]))} by chance), and ${percent(found.hiddenAB)} of the variance of the hidden layer by functions of ab. With its ρ(ab) alone in the hidden layer the loss is ${number(losses.hiddenRestricted)}${question.split === null ? "" : `, without it ${number(losses.hiddenExcluded)} on the training pairs`}.`,
  );
  if (!canDraw(shown)) return;
  const maps = await snapshot.measure(neuronMaps, question.group, purest);
  yield figure(
    "representation-neurons",
    `Neurons with most of their variance in ${inWords(name)}`,
    "Activations over all pairs, with the share of their variance in this representation.",
    facets({
      ...pairAxes,
      panels: purest.map((neuron, i) => ({
        title: `${neuron}: ${percent(share(neuron))}`,
        z: maps[i] as NdArray,
      })),
    }),
  );
}
