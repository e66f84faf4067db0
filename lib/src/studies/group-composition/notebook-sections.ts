/** The part of the article about the checkpoint that the notebook on S4 opens. */

import { svd } from "../../analysis/linalg/index.ts";
import {
  type Block,
  claim,
  figure,
  list,
  mechanism,
  number,
  percent,
  prose,
  type Reference,
  type Rule,
  section,
  table,
} from "../../article/index.ts";
import { bars } from "../../figures/index.ts";
import { groupByName } from "../../groups/index.ts";
import type { Lab, Snapshot } from "../../lab/index.ts";
import { chanceOf, elementLines, inWords } from "./group-words.ts";
import { logitSection } from "./logit-sections.ts";
import {
  asPrinted,
  cosets,
  embeddings,
  type Opened,
  parities,
  type Question,
  representations,
} from "./measure.ts";
import {
  answersRight,
  embeddingSection,
  neuronSection,
  representationSection,
  type Shown,
  weightSection,
} from "./model-sections.ts";
import { cosetProse, neuronFigure } from "./neuron-sections.ts";
import {
  notebook,
  printedComparison,
  printedElements,
  printedLosses,
  printedNaturalSingularValues,
  printedNeurons,
  printedSingularValues,
  recomputed,
} from "./printed.ts";
import { type LogitComparison, naturalRepresentation } from "./representations/index.ts";

/** The checkpoint's own data: half of the pairs, seed 1. */
const question: Question = {
  group: "S4",
  irreps: "published",
  split: { trainFraction: 0.5, seed: 1 },
};

/** Every figure and number of the notebook; where the file is absent, where it is from. */
export async function* notebookSections(lab: Lab, own: Shown): AsyncGenerator<Block> {
  const snapshot = await lab.published("s4-seed003/model.pt");
  yield section("The notebook's checkpoint");
  if (snapshot === undefined) {
    yield prose(
      "The notebook on S4 opens a network trained for 200,000 epochs. Its file, `1L_MLP_sym_S4_cached/model.pt` of rep-theory-mech-interp, is not on this machine: put it as `s4-seed003/model.pt` into a folder and name that folder in `TINYLENS_DATA`.",
    );
    return;
  }
  const opened = await snapshot.measure(representations, question, null);
  const shown: Shown = {
    ...{ snapshot, question, opened, control: null },
    ...{ prefix: "notebook-", whose: "the notebook's checkpoint" },
  };
  yield prose(
    "The notebook opens a network trained for 200,000 epochs on S4. ",
    answersRight(shown),
  );
  yield claim(
    "notebook-elements",
    "lines of the list of elements",
    notebook("cell 192"),
    [...printedElements],
    elementLines(groupByName("S4")),
  );
  if (own.question.group === "S4") yield* sideBySide(own, shown);
  yield* printedSection(snapshot, opened);
  yield* representationSection(shown);
  yield* shareClaims(opened);
  yield* embeddingSection(shown);
  yield* singularClaims(snapshot, opened);
  yield* neuronSection(shown);
  yield* neuronFigure(shown, printedNeurons, "the neurons that the notebook draws");
  yield* parityClaims(snapshot);
  yield* cosetProse(shown, printedNeurons);
  yield* cosetClaim(snapshot);
  yield* logitSection(shown);
  yield* weightSection(shown);
}

/** The reader's network and the notebook's, number by number. */
function* sideBySide(own: Shown, theirs: Shown): Generator<Block> {
  const row = (quantity: string, value: (one: Opened) => string) => ({
    quantity,
    "this run": value(own.opened),
    "the notebook's checkpoint": value(theirs.opened),
  });
  const names = theirs.opened.representations.map(({ name }) => name);
  const of = ({ representations: all }: Opened, name: string) =>
    all.find((one) => one.name === name);
  yield table("notebook-beside", "This run and the notebook's checkpoint", [
    row("loss on all pairs", ({ performance }) => number(performance.loss.all)),
    row("accuracy on all pairs", ({ performance }) => percent(performance.accuracy.all)),
    row("logits that are characters", ({ explained }) => percent(explained.logits)),
    row("hidden layer in ρ(ab)", ({ explained }) => percent(explained.hiddenAB)),
    ...names.map((name) =>
      row(
        `embedding of a in ${inWords(name)} (${percent(chanceOf(question, [name]))} by chance)`,
        (one) => percent(of(one, name)?.embedA ?? Number.NaN),
      ),
    ),
  ]);
  yield figure(
    "notebook-beside-cosines",
    "Cosine of both networks' logits with each character",
    "Two bars for each representation but the trivial one.",
    bars({
      categories: names.filter((name) => name !== "trivial").map(inWords),
      series: [
        { name: "this run", values: cosines(own.opened) },
        { name: "notebook", values: cosines(theirs.opened) },
      ],
      yLabel: "cosine",
      height: 320,
    }),
    { folded: true },
  );
}

const cosines = ({ representations: all }: Opened): number[] =>
  all.flatMap(({ logitSimilarity }) => (logitSimilarity === null ? [] : [logitSimilarity]));

const near = (within: number, why: string): Rule => ({ within, why });
const digits = near(1e-6, "rounded to seven digits; logits and activations are float32 here");
const float32: Rule = near(
  6e-8,
  "the notebook's losses of pairs are multiples of 1.2e-7, as float32 has it: half of that",
);

/** What the notebook prints of logits and trace, as it computes it and as it means to. */
async function* printedSection(
  snapshot: Snapshot,
  { traces, performance }: Opened,
): AsyncGenerator<Block> {
  const found = await snapshot.measure(asPrinted, "S4");
  const { natural, key } = traces;
  const same = Math.abs(found.cosine - printedComparison.cosine) <= 1e-6;
  yield prose(
    `It prints a cosine between logits and trace of ${printedComparison.cosine.toFixed(7)}, ${printedComparison.softmaxCosine.toFixed(7)} after softmax, and ${printedComparison.fraction.toFixed(7)} of the logits' variance explained. `,
    mechanism(
      "notebook-forgets-keepdim",
      same,
      `The cosine is found again when the mean is taken as the notebook takes it, without \`keepdim\`, so that each logit loses the mean of another pair. `,
      `With the mean taken as the notebook takes it, without \`keepdim\`, the cosine is ${found.cosine.toFixed(7)}, another one. `,
    ),
    `With each row centered, the three are ${natural.cosine.toFixed(5)}, ${natural.softmaxCosine.toFixed(5)} and ${natural.fraction.toFixed(5)}.`,
  );
  const three = ({ cosine, softmaxCosine, fraction }: LogitComparison) => [
    cosine,
    softmaxCosine,
    fraction,
  ];
  const words = "cosine of logits and trace, the same after softmax, fraction of logit variance";
  yield claim(
    "notebook-comparison-printed",
    `${words}, as printed`,
    notebook("cell 199, whose mean(-1) lacks keepdim"),
    three(printedComparison),
    three(found),
    near(1e-6, "printed in float32"),
  );
  yield claim(
    "notebook-comparison",
    `${words}, each row centered`,
    recomputed("cell 199 with keepdim"),
    [0.6233514, 0.9395949, 0.3922214],
    three(natural),
    digits,
  );
  yield claim(
    "notebook-weighted",
    "cosine, cosine after softmax and fraction with the weighted characters of the key representations",
    recomputed("weights are the similarities"),
    [0.7985987, 0.3982007, 0.6421985],
    key === null ? undefined : three(key),
    digits,
  );
  yield* lossClaims(performance);
}

function* lossClaims(performance: Opened["performance"]): Generator<Block> {
  yield claim(
    "notebook-loss",
    "loss on all 576 pairs",
    notebook("cell 204"),
    printedLosses.full,
    performance.loss.all,
    float32,
  );
  const split = (part: string): Reference => recomputed(`${part} of half of the pairs, seed 1`);
  yield claim(
    "notebook-train-loss",
    "train loss of its split (PyTorch's float32 loss is 1.97e-7, by rounding)",
    split("train loss"),
    2.394633e-7,
    performance.loss.train,
    { share: 1e-4, why: "logits are float32" },
  );
  yield claim(
    "notebook-test-loss",
    "test loss of its split",
    split("test loss"),
    3.781035e-4,
    performance.loss.test,
    { share: 1e-4, why: "logits are float32" },
  );
  yield claim(
    "notebook-accuracy",
    "accuracy on all pairs",
    recomputed("all pairs"),
    1,
    performance.accuracy.all,
  );
}

const names = ["sign", "standard", "standard_sign", "s4_2d"];

function* shareClaims({ representations: all }: Opened): Generator<Block> {
  const words = names.map(inWords).join(", ");
  const of = (value: (one: Opened["representations"][number]) => number): number[] =>
    names.map((name) => {
      const found = all.find((one) => one.name === name);
      return found === undefined ? Number.NaN : value(found);
    });
  yield claim(
    "notebook-similarities",
    `cosine of the logits with the characters of ${words}`,
    recomputed("from the weights"),
    [0.2976941, 0.6229448, 0.2017807, 0.3463617],
    of((one) => one.logitSimilarity ?? Number.NaN),
    digits,
  );
  yield claim(
    "notebook-embedding-shares",
    `share of the folded embedding of a in ${words}`,
    recomputed("from the weights"),
    [0.0376231, 0.676475, 0.1528254, 0.1330603],
    of((one) => one.embedA),
    digits,
  );
  yield claim(
    "notebook-unembedding-shares",
    `share of W_U in ${words}`,
    recomputed("from the weights"),
    [0.0735325, 0.3802161, 0.2496246, 0.1824405],
    of((one) => one.unembed),
    digits,
  );
}

async function* singularClaims(snapshot: Snapshot, opened: Opened): AsyncGenerator<Block> {
  const { a, rank, reduced } = await snapshot.measure(embeddings, question);
  const width = a.shares.data.length / a.belongsTo.length;
  const purest = a.belongsTo
    .slice(0, 9)
    .map((_, i) => Math.max(...a.shares.data.subarray(i * width, (i + 1) * width)));
  const nine = (name: string): number =>
    a.belongsTo.slice(0, 9).filter((one) => one === name).length;
  yield claim(
    "notebook-singular-values",
    "singular values of W_E_a",
    notebook("cell 200"),
    [...printedSingularValues],
    [...a.singularValues],
    near(1e-4, "printed to four decimals"),
  );
  yield claim(
    "notebook-rank",
    "singular values that stand out",
    notebook("cell 200, “9 large ones”"),
    9,
    rank,
  );
  yield claim(
    "notebook-loss-rank-9",
    "loss with the nine largest singular values of the embeddings",
    notebook("cell 204"),
    printedLosses.rank9,
    reduced,
    float32,
  );
  yield claim(
    "notebook-nine",
    `of the nine large singular vectors of W_E_a, those in ${["standard", "s4_2d", "standard_sign", "sign"].map(inWords).join(", ")} (the notebook takes all nine for the entries of standard)`,
    recomputed("each in the representation with most of it"),
    [3, 2, 3, 1],
    ["standard", "s4_2d", "standard_sign", "sign"].map(nine),
  );
  yield claim(
    "notebook-nine-purity",
    "smallest share of those nine vectors in their representation",
    recomputed("from the weights"),
    0.9725217,
    Math.min(...purest),
    digits,
  );
  yield* nineProse(opened, nine);
}

/** Which functions the nine large singular vectors are, and those of the permutation matrices. */
function* nineProse(
  { representations: all, keyRepresentations }: Opened,
  nine: (name: string) => number,
): Generator<Block> {
  const natural = naturalRepresentation(groupByName("S4"));
  const { S } = svd({ ...natural.matrices, shape: [24, natural.dimension ** 2] });
  const key = all.filter(({ name }) => keyRepresentations.includes(name));
  const counted = list(key.map(({ name }) => `${nine(name)} of ${inWords(name)}`));
  yield prose(
    `The notebook reads 9 as (4 − 1)², the entries of the standard representation: of the ${S.length} singular values of the permutation matrices, which hold it and the trivial one, ${S.filter((x) => x > 1e-9).length} are not zero. `,
    mechanism(
      "notebook-one-column-each",
      key.every(({ name, dimension }) => nine(name) === dimension),
      `The embedding's nine are ${counted}: of each as many as its dimension, one column of its matrices.`,
      `The embedding's nine are ${counted}: not of each as many as its dimension.`,
    ),
  );
  yield claim(
    "notebook-natural-singular-values",
    "singular values of the permutation matrices",
    notebook("cell 208"),
    [...printedNaturalSingularValues],
    [...S],
    near(1e-4, "printed to four decimals"),
  );
}

/** Neurons that the notebook describes in words, with the cell of parities in which each fires. */
const described = [
  { neuron: 8, cell: 1, words: "a even and b odd", means: [0.04443147, 2.890844, 0, 0.009906774] },
  { neuron: 24, cell: 3, words: "a and b odd", means: [0, 0.002854123, 0.04162763, 2.704828] },
] as const;

async function* parityClaims(snapshot: Snapshot): AsyncGenerator<Block> {
  const all = await snapshot.measure(
    parities,
    "S4",
    described.map(({ neuron }) => neuron),
  );
  for (const [i, { neuron, cell, words, means }] of described.entries()) {
    const found = all[i] as readonly number[];
    const [own, other] = [found[cell] as number, Math.max(...found.filter((_, at) => at !== cell))];
    yield prose(
      `The notebook notes that neuron ${neuron} activates iff ${words}. `,
      mechanism(
        `notebook-neuron-${neuron}-alone`,
        own > 0 && other < 0.05 * own,
        `Its mean activation is ${number(own)} there and at most ${number(other)} elsewhere, under a twentieth.`,
        `Its mean activation is ${number(own)} there and up to ${number(other)} elsewhere, a twentieth or more.`,
      ),
    );
    yield claim(
      `notebook-neuron-${neuron}`,
      `mean activation of neuron ${neuron} for (a, b) even-even, even-odd, odd-even, odd-odd`,
      recomputed("the notebook says which fires, in cell 192"),
      [...means],
      [...found],
      digits,
    );
  }
}

/** The notebook looked through neurons 0 to 39 for those whose maps are made of blocks. */
async function* cosetClaim(snapshot: Snapshot): AsyncGenerator<Block> {
  const found = await snapshot.measure(cosets, "S4");
  const cyclic = printedNeurons.map((neuron) => found[neuron]).filter((one) => one?.length === 4);
  yield claim(
    "notebook-cosets",
    "of the 12 neurons that the notebook draws, those that fire on cosets of one and the same cyclic subgroup of 4 elements (the other two see the sign)",
    recomputed("the notebook calls them blocky"),
    10,
    new Set(cyclic.map(String)).size === 1 ? cyclic.length : 0,
  );
}
