/** The parts of the article about one network; a page may show several, told apart by `prefix`. */

import {
  aboveChance,
  type Block,
  behavior,
  count,
  figure,
  headline,
  isMost,
  list,
  mechanism,
  number,
  percent,
  plural,
  prose,
  section,
} from "../../article/index.ts";
import { bars, heatmap, lines, markup, scatter } from "../../figures/index.ts";
import { groupByName } from "../../groups/index.ts";
import type { Snapshot } from "../../lab/index.ts";
import { chanceOf, functionsOf, inWords, named } from "./group-words.ts";
import {
  type Embeddings,
  embeddings,
  irrepsOf,
  type Opened,
  pictures,
  type Question,
} from "./measure.ts";
import type { NeuronRepresentations, RepresentationMetrics } from "./representations/index.ts";

/** A network that is shown. */
export interface Shown {
  readonly snapshot: Snapshot;
  readonly question: Question;
  readonly opened: Opened;
  /** The same network before training, with the same key representations; null where it is not there. */
  readonly control: Opened | null;
  /** Starts the ids of its figures, findings and claims: "" or "notebook-". */
  readonly prefix: string;
  /** "the network", "the notebook's checkpoint". */
  readonly whose: string;
}

/** Figures of a second network are folded: the first shows what there is to see. */
const folded = ({ prefix }: Shown) => ({ folded: prefix !== "" });

/** Largest order of a group whose maps over all pairs are drawn. */
const largestDrawn = 130;

export const canDraw = ({ question }: Pick<Shown, "question">): boolean =>
  groupByName(question.group).order <= largestDrawn;

/** Loss of guessing, in nats. */
export const guessing = ({ question }: Pick<Shown, "question">): number =>
  Math.log(groupByName(question.group).order);

/** Whether a loss is nearer to none than to guessing. */
export const knows = (loss: number, guess: number): boolean => loss < guess / 2;

/** Bars for so many representations at most; the largest. */
const mostBars = 16;

export function* representationSection(shown: Shown): Generator<Block> {
  const { opened, question, prefix, whose, control } = shown;
  const { explained, keyRepresentations: key } = opened;
  const chance = chanceOf(question, key);
  yield section(
    headline(
      mechanism(
        `${prefix}computes-with-characters`,
        isMost(explained.logits, 0),
        `${capital(whose)} computes with characters`,
        "",
      ),
      `Which representations ${whose} uses`,
    ),
  );
  yield prose(
    `A representation ρ counts as learned (*key*) when the cosine between the logits and χ(abc⁻¹), the trace of ρ(a)ρ(b)ρ(c)⁻¹, is above 0.005. Here those are ${named(key)}. `,
    mechanism(
      `${prefix}logits-are-characters`,
      isMost(explained.logits, 0),
      `Characters make up ${percent(explained.logits)} of the squares of the logits: at least half.`,
      `Characters make up ${percent(explained.logits)} of the squares of the logits: less than half.`,
    ),
  );
  yield prose(
    `A random embedding would have ${percent(chance)} of its squares in the functions of these representations: that is their share of all functions on the group. The folded embedding of a has ${percent(explained.embedA)}, that of b ${percent(explained.embedB)}, the unembedding ${percent(explained.unembed)}. `,
    chance > 0.5
      ? "So many functions belong to the key representations that this says little. "
      : mechanism(
          `${prefix}embeds-representations`,
          isMost(explained.embedA, chance),
          `Of what chance leaves open, the embedding of a has ${percent(aboveChance(explained.embedA, chance))}: at least half. `,
          `Of what chance leaves open, the embedding of a has ${percent(aboveChance(explained.embedA, chance))}: less than half. `,
        ),
    `In the hidden layer functions ρ(a), ρ(b) and ρ(ab) hold ${percent(explained.hidden)} of the variance, and ρ(ab) alone, which is what the answer needs, ${percent(explained.hiddenAB)}${control === null ? "" : ` (before training ${percent(control.explained.hidden)} and ${percent(control.explained.hiddenAB)})`}.`,
  );
  yield prose(...lossSentences(shown));
  yield* representationFigures(shown);
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function lossSentences(shown: Shown) {
  const { performance, losses } = shown.opened;
  const { prefix, question } = shown;
  const guess = guessing(shown);
  const learned = knows(performance.loss.all, guess);
  const known = question.split !== null;
  return [
    `Its loss is ${number(performance.loss.all)} nats on all pairs${known ? `, ${number(performance.loss.test)} on those it was not trained on` : ""}; guessing costs ${number(guess)}. `,
    mechanism(
      `${prefix}restricted-suffices`,
      learned ? knows(losses.hiddenRestricted, guess) : undefined,
      `With nothing but the key ρ(ab) in the hidden layer it is ${number(losses.hiddenRestricted)}, less than half of guessing. `,
      `With nothing but the key ρ(ab) in the hidden layer it is ${number(losses.hiddenRestricted)}, at least half of guessing. `,
    ),
    mechanism(
      `${prefix}excluded-fails`,
      learned && known ? !knows(losses.hiddenExcluded, guess) : undefined,
      `Without them the loss on the training pairs rises from ${number(performance.loss.train)} to ${number(losses.hiddenExcluded)}, at least half of guessing. `,
      `Without them the loss on the training pairs is ${number(losses.hiddenExcluded)}, less than half of guessing. `,
    ),
    losses.logitRestricted === null
      ? ""
      : `In the logits instead of the hidden layer: ${number(losses.logitRestricted)} with the key characters alone${known && losses.logitExcluded !== null ? `, ${number(losses.logitExcluded)} without them` : ""}.`,
  ];
}

function largest(all: readonly RepresentationMetrics[]): readonly RepresentationMetrics[] {
  if (all.length <= mostBars) return all;
  const size = (one: RepresentationMetrics): number =>
    Math.max(one.logitSimilarity ?? 0, one.embedA, one.unembed);
  const kept = new Set([...all].sort((a, b) => size(b) - size(a)).slice(0, mostBars));
  return all.filter((one) => kept.has(one));
}

function* representationFigures(shown: Shown): Generator<Block> {
  const { opened, question, prefix } = shown;
  const drawn = largest(opened.representations);
  const rest = opened.representations.length - drawn.length;
  yield figure(
    `${prefix}representations`,
    "Shares by representation",
    `Cosine with the logits, and shares of the squares of embeddings, unembedding and hidden layer, beside the share that a random embedding would have.${rest > 0 ? ` The ${rest} representations with the smallest shares are left out.` : ""}`,
    bars({
      categories: drawn.map(({ name }) => inWords(name)),
      series: [
        { name: "logits (cosine)", values: drawn.map((one) => one.logitSimilarity ?? 0) },
        { name: markup`W<sub>a</sub>`, values: drawn.map(({ embedA }) => embedA) },
        { name: markup`W<sub>b</sub>`, values: drawn.map(({ embedB }) => embedB) },
        { name: markup`W<sub>U</sub>`, values: drawn.map(({ unembed }) => unembed) },
        {
          name: "hidden",
          values: drawn.map((one) => one.hiddenA + one.hiddenB + one.hiddenAB),
        },
        { name: "chance", values: drawn.map(({ name }) => chanceOf(question, [name])) },
      ],
      yLabel: "share, cosine",
    }),
  );
  if (question.split === null) return;
  yield figure(
    `${prefix}representation-losses`,
    "Loss with one representation alone, and without it",
    "Restricted: loss on all pairs when the hidden layer keeps only ρ(ab) of one representation. Excluded: loss on the training pairs when that is taken away. The farther left and the higher, the more a representation matters.",
    scatter({
      groups: [
        {
          name: "representations",
          x: drawn.map(({ losses }) => losses.hiddenRestricted),
          y: drawn.map(({ losses }) => losses.hiddenExcluded),
          labels: drawn.map(({ name }) => inWords(name)),
        },
      ],
      xLabel: "restricted loss (nats)",
      yLabel: "excluded loss (nats)",
      showLabels: true,
      logX: true,
      logY: true,
    }),
    { folded: true },
  );
}

export async function* embeddingSection(shown: Shown): AsyncGenerator<Block> {
  const { opened, question, prefix, whose, snapshot } = shown;
  const found = await snapshot.measure(embeddings, question);
  const { a, rank, reduced } = found;
  const irreps = irrepsOf(question);
  const guess = guessing(shown);
  const full = opened.performance.loss.all;
  const large = a.belongsTo.slice(0, rank);
  const parts = [...new Set(large)].map((name) => {
    const irrep = irreps.find((one) => one.name === name);
    const own = large.filter((one) => one === name).length;
    return `${own} of the ${irrep === undefined ? 0 : functionsOf(irrep)} of ${inWords(name)}`;
  });
  yield section(`The embedding of ${whose}`);
  yield prose(
    `${plural(rank, "singular value")} of the embedding of a ${rank === 1 ? "stands" : "stand"} out: after them is the largest ratio between neighbors. Left singular vectors are functions on the group; counted by the representation that holds most of each, these are ${list(parts)}. `,
    mechanism(
      `${prefix}low-rank-suffices`,
      knows(full, guess) ? knows(reduced, guess) : undefined,
      `With only these kept in both embeddings the loss on all pairs is ${number(reduced)}, less than half of guessing.`,
      `With only these kept in both embeddings the loss on all pairs is ${number(reduced)}, at least half of guessing.`,
    ),
  );
  yield* vectorFigures(shown, found);
}

function* vectorFigures(shown: Shown, { a, b, rank }: Embeddings): Generator<Block> {
  const { question, prefix } = shown;
  const irreps = irrepsOf(question);
  const large = a.belongsTo.slice(0, rank);
  const shares = large.map((_, i) =>
    Math.max(...a.shares.data.subarray(i * irreps.length, (i + 1) * irreps.length)),
  );
  const least = shares.indexOf(Math.min(...shares));
  const pure = large.every((name, i) => isMost(shares[i] as number, chanceOf(question, [name])));
  yield figure(
    `${prefix}singular-values`,
    "Singular values of both embeddings",
    `After number ${rank} those of a fall from ${number(a.singularValues[rank - 1] ?? 0)} to ${number(a.singularValues[rank] ?? 0)}.`,
    lines({
      series: [
        { name: "W_E of a", y: a.singularValues, points: "with line" },
        { name: "W_E of b", y: b.singularValues, points: "with line" },
      ],
      x: a.singularValues.map((_, i) => i + 1),
      xLabel: "number",
      yLabel: "singular value",
    }),
    { folded: true },
  );
  yield figure(
    `${prefix}singular-vectors`,
    "Left singular vectors by representation",
    [
      "Share of each left singular vector of the embedding of a in the functions of each representation. ",
      mechanism(
        `${prefix}vectors-are-pure`,
        pure,
        `Each of the first ${rank} has most of its squares, above chance, in one; the least pure, number ${least + 1}, ${percent(shares[least] as number)}.`,
        `Of the first ${rank}, not all have most of their squares, above chance, in one; number ${least + 1} has ${percent(shares[least] as number)}.`,
      ),
    ],
    heatmap({
      z: a.shares,
      x: irreps.map(({ name }) => inWords(name)),
      y: a.singularValues.map((_, i) => String(i + 1)),
      xLabel: "representation",
      yLabel: "singular vector",
      valueLabel: "share",
      sequential: true,
      range: [0, 1],
      aspect: "auto",
      height: 480,
    }),
    folded(shown),
  );
}

/** The mean over neurons that change of the share of the representation they belong to. */
function meanShare({ best, belongsTo }: NeuronRepresentations): number {
  const alive = belongsTo.filter((name) => name !== "").length;
  return best.reduce((sum, x) => sum + x, 0) / Math.max(1, alive);
}

export function* neuronSection(shown: Shown): Generator<Block> {
  const { opened, prefix, whose, control } = shown;
  const { neurons } = opened;
  const alive = neurons.belongsTo.filter((name) => name !== "");
  const counted = (name: string): number => alive.filter((one) => one === name).length;
  const names = [...new Set(alive)].sort((a, b) => counted(b) - counted(a)).slice(0, mostBars);
  const mean = meanShare(neurons);
  const before = control === null ? Number.NaN : meanShare(control.neurons);
  yield section(
    headline(
      mechanism(
        `${prefix}neurons-belong`,
        control === null ? undefined : isMost(mean, before),
        `Neurons of ${whose} keep mostly to one representation each`,
        "",
      ),
      `Neurons of ${whose}`,
    ),
  );
  yield prose(
    `${count(alive.length)} of ${plural(neurons.belongsTo.length, "neuron")} ${alive.length === 1 ? "depends" : "depend"} on the pair. The representation that a neuron belongs to holds on average ${percent(mean)} of its variance over all pairs, in functions of a, of b and of ab. `,
    mechanism(
      `${prefix}neuron-purity`,
      control === null ? undefined : isMost(mean, before),
      `Before training it was ${percent(before)}; training has closed at least half of the gap from there to all.`,
      `Before training it was ${percent(before)}; training has closed less than half of the gap from there to all.`,
    ),
  );
  yield figure(
    `${prefix}neuron-counts`,
    "Neurons by representation",
    "How many neurons have most of their variance in each representation.",
    bars({
      categories: names.map(inWords),
      series: [{ name: "neurons", values: names.map(counted) }],
      yLabel: "neurons",
    }),
    folded(shown),
  );
}

export async function* weightSection(shown: Shown): AsyncGenerator<Block> {
  const { question, prefix, whose, snapshot } = shown;
  const { weights, inBasis } = await snapshot.measure(pictures, question);
  const width = inBasis[0]?.array.shape[1] as number;
  const rows = inBasis.flatMap(({ irrep, array }) =>
    Array.from({ length: array.shape[0] as number }, (_, i) => `${inWords(irrep)} ${i + 1}`),
  );
  yield section(`Weights of ${whose}`);
  yield figure(
    `${prefix}weights-in-basis`,
    "Embedding of a in the basis of the representations",
    "Rows are orthonormal functions on the group, by representation; a row is what the embedding of a has of that function.",
    heatmap({
      z: {
        dtype: "float32",
        shape: [rows.length, width],
        data: Float32Array.from(inBasis.flatMap(({ array }) => [...array.data].map(Number))),
      },
      y: rows,
      xLabel: "column",
      valueLabel: "weight",
      aspect: "auto",
      height: Math.min(700, 200 + 14 * rows.length),
    }),
    { folded: true },
  );
  for (const { name, what, array } of weights) {
    if (array.shape.length !== 2) continue;
    yield figure(
      `${prefix}weights-${name.replaceAll(".", "-").toLowerCase()}`,
      `${name}: ${what}`,
      `As it is stored, ${array.shape.join(" × ")}.`,
      heatmap({
        z: array,
        xLabel: "column",
        yLabel: "row",
        valueLabel: "weight",
        aspect: "auto",
        height: (array.shape[0] as number) > 200 ? 480 : 320,
      }),
      { folded: true },
    );
  }
}

/** What the network answers, for a summary. */
export function answersRight({ opened, question, prefix, whose }: Shown) {
  const { accuracy } = opened.performance;
  const share = question.split === null ? accuracy.all : accuracy.test;
  const which =
    question.split === null
      ? "all pairs (which ones it was trained on is not known)"
      : "the pairs it was not trained on";
  return behavior(
    `${prefix}answers-all`,
    share === 1,
    `${capital(whose)} answers every one of ${which} right. `,
    `${capital(whose)} answers ${percent(share)} of ${which} right (${percent(1 / groupByName(question.group).order)} by chance). `,
  );
}
