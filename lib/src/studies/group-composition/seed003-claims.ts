import type { Claim } from "../../core/claim.ts";
import type { Source } from "../../core/source.ts";
import { atLeast, equal, within, withinShare } from "../shared/judge.ts";
import { eachWithin } from "./each-within.ts";
import type { Seed003 } from "./seed003.ts";

const notebook = (cell: string): Source => ({
  paper: "seed 003 (Chughtai, notebook on S4, November 2022)",
  at: cell,
});

const recomputed = (at: string): Source => ({
  paper: "checkpoint of seed 003, recomputed in PyTorch",
  at,
});

/** Cell 200. */
const singularValues = [
  6.2584, 6.21, 6.1579, 4.6228, 4.5293, 4.399, 4.2643, 4.1072, 3.9995, 0.3696, 0.3045, 0.2542,
  0.2231, 0.2133, 0.1835, 0.1604, 0.1469, 0.1421, 0.1348, 0.129, 0.1249, 0.1047, 0.102, 0.0969,
];

/** Cell 208; the six values printed as 1e-7 and less are zeros. */
const naturalSingularValues = [
  4.899,
  ...Array<number>(9).fill(2.8284),
  ...Array<number>(6).fill(0),
];

/** Cell 192, lines 0, 4, 5, 6, 7, 12, 18 and 23 of 24. */
const elements: Readonly<Record<number, string>> = {
  0: "0: (3), signature: 1, order: 1",
  4: "4: (1 2 3), signature: 1, order: 3",
  5: "5: (0 1 3 2), signature: -1, order: 4",
  6: "6: (3)(0 2 1), signature: 1, order: 3",
  7: "7: (0 3 1 2), signature: -1, order: 4",
  12: "12: (2 3), signature: -1, order: 2",
  18: "18: (0 2 3 1), signature: -1, order: 4",
  23: "23: (0 3 1), signature: 1, order: 3",
};

/** What seed 003 prints of its checkpoint, and the same done as it was meant. */
export function seed003Claims(seed: Seed003): Claim[] {
  return [
    equal(
      {
        id: "seed003-elements",
        text: "lines of the list of elements",
        source: notebook("cell 192"),
      },
      Object.values(elements),
      Object.keys(elements).map((i) => seed.elements[Number(i)] ?? ""),
    ),
    ...singularValueClaims(seed),
    ...comparisonClaims(seed),
    ...lossClaims(seed),
    ...circuitClaims(seed),
  ];
}

function singularValueClaims({ opened, naturalSingularValues: natural }: Seed003): Claim[] {
  const { singularValues: own, belongsTo } = opened.embedding.a;
  const count = (name: string): number =>
    belongsTo.slice(0, 9).filter((one) => one === name).length;
  return [
    eachWithin(
      {
        id: "seed003-singular-values",
        text: "singular values of W_E_a",
        source: notebook("cell 200"),
      },
      singularValues,
      1e-4,
      own,
    ),
    eachWithin(
      {
        id: "seed003-natural-singular-values",
        text: "singular values of the permutation matrices",
        source: notebook("cell 208"),
      },
      naturalSingularValues,
      1e-4,
      natural,
    ),
    equal(
      {
        id: "seed003-nine",
        text: "of the nine large singular vectors of W_E_a, those in standard, the 2-dimensional representation, standard × sign, sign",
        source: recomputed(
          "each at least 97 % in its representation (the text says (4 - 1) × (4 - 1))",
        ),
      },
      [3, 2, 3, 1],
      [count("standard"), count("s4_2d"), count("standard_sign"), count("sign")],
    ),
    atLeast(
      {
        id: "seed003-nine-purity",
        text: "smallest share of those nine vectors in their representation",
        source: recomputed("at least 97 %"),
      },
      0.97,
      smallestShare(opened.embedding.a.shares.data, belongsTo.length),
    ),
  ];
}

function smallestShare(shares: ArrayLike<number>, vectors: number): number {
  const width = shares.length / vectors;
  const best = Array.from({ length: 9 }, (_, i) =>
    Math.max(...Array.from({ length: width }, (_, j) => shares[i * width + j] as number)),
  );
  return Math.min(...best);
}

function comparisonClaims({ asPrinted, opened }: Seed003): Claim[] {
  const cell = notebook("cell 199, whose mean(-1) lacks keepdim");
  const meant = recomputed("cell 199 with keepdim");
  const claim = (
    id: string,
    text: string,
    source: Source,
    expected: number,
    tolerance: number,
    measured: number,
  ): Claim => within({ id: `seed003-${id}`, text, source }, expected, tolerance, measured);
  return [
    claim(
      "cosine-printed",
      "cosine of logits and trace, as printed",
      cell,
      0.58288651,
      1e-6,
      asPrinted.cosine,
    ),
    claim(
      "softmax-cosine-printed",
      "the same after softmax, as printed",
      cell,
      0.93961346,
      1e-6,
      asPrinted.softmaxCosine,
    ),
    claim(
      "fraction-printed",
      "fraction of logit variance, as printed",
      cell,
      0.34833857,
      1e-6,
      asPrinted.fraction,
    ),
    claim(
      "cosine",
      "cosine of logits and trace, each row centred",
      meant,
      0.62335,
      1e-5,
      opened.natural.cosine,
    ),
    claim(
      "softmax-cosine",
      "the same after softmax, each row centred",
      meant,
      0.93959,
      1e-5,
      opened.natural.softmaxCosine,
    ),
    claim(
      "fraction",
      "fraction of logit variance, each row centred",
      meant,
      0.39222,
      1e-5,
      opened.natural.fraction,
    ),
  ];
}

function lossClaims({ opened: { lowRank, analysis } }: Seed003): Claim[] {
  const { loss, accuracy } = analysis.performance;
  const float32 = "the notebook's sum is in float32";
  const claim = (
    id: string,
    text: string,
    source: Source,
    expected: number,
    measured: number,
  ): Claim =>
    withinShare({ id: `seed003-${id}`, text, source }, expected, 0.001, measured, float32);
  const cell = notebook("cell 204");
  return [
    claim("loss", "loss on all 576 pairs", cell, 0.00018914962, lowRank.full),
    claim(
      "loss-rank-9",
      "loss with the nine largest singular values of the embeddings",
      cell,
      0.00018685602,
      lowRank.reduced,
    ),
    equal(
      { id: "seed003-rank", text: "singular values that stand out", source: notebook("cell 200") },
      9,
      lowRank.rank,
    ),
    within(
      {
        id: "seed003-train-loss",
        text: "train loss of its split",
        source: recomputed("in float64; PyTorch's float32 loss is 1.97e-7, by rounding"),
      },
      2.3946e-7,
      0.0005e-7,
      loss.train,
    ),
    within(
      {
        id: "seed003-test-loss",
        text: "test loss of its split",
        source: recomputed("three digits"),
      },
      3.78e-4,
      0.005e-4,
      loss.test,
    ),
    equal(
      { id: "seed003-accuracy", text: "accuracy on all pairs", source: recomputed("all pairs") },
      1,
      accuracy.all,
    ),
  ];
}

function circuitClaims({ opened, parityNeurons }: Seed003): Claim[] {
  const of = (name: string) => opened.analysis.representations.find((one) => one.name === name);
  const similarity = (name: string): number => of(name)?.logitSimilarity ?? Number.NaN;
  const source = recomputed("four digits");
  const names = ["sign", "standard", "standard_sign", "s4_2d"];
  const neuron = (index: number, kind: number): number =>
    parityNeurons.find((one) => one.neuron === index)?.means[kind] ?? Number.NaN;
  return [
    eachWithin(
      { id: "seed003-similarities", text: `logit similarity of ${names.join(", ")}`, source },
      [0.2977, 0.6229, 0.2018, 0.3464],
      6e-5,
      names.map(similarity),
    ),
    eachWithin(
      {
        id: "seed003-embedding-shares",
        text: `share of the folded embedding of a in ${names.join(", ")}`,
        source,
      },
      [0.0376, 0.6765, 0.1528, 0.1331],
      6e-5,
      names.map((name) => of(name)?.embedA ?? Number.NaN),
    ),
    eachWithin(
      { id: "seed003-unembedding-shares", text: `share of W_U in ${names.join(", ")}`, source },
      [0.0735, 0.3802, 0.2496, 0.1824],
      6e-5,
      names.map((name) => of(name)?.unembed ?? Number.NaN),
    ),
    within(
      {
        id: "seed003-neuron-8",
        text: "mean activation of neuron 8 for a even and b odd",
        source: notebook("cell 192: activates iff a even and b odd"),
      },
      2.891,
      0.0005,
      neuron(8, 1),
    ),
    within(
      {
        id: "seed003-neuron-24",
        text: "mean activation of neuron 24 for a and b odd",
        source: notebook("cell 192: activates iff both a and b odd"),
      },
      2.705,
      0.0005,
      neuron(24, 3),
    ),
  ];
}
