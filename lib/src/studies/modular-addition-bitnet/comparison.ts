/** The part of the article that sets kinds of weights side by side. */

import { topFrequencies } from "../../analysis/fourier/index.ts";
import {
  type Block,
  count,
  figure,
  list,
  number,
  percent,
  prose,
  section,
  table,
} from "../../article/index.ts";
import { bars, lines } from "../../figures/index.ts";
import type { Training } from "../../lab/index.ts";
import type { Quantization } from "../../models/index.ts";
import { largestOverlap } from "../shared/modular-arithmetic/embedding-section.ts";
import type { Moment, Opened } from "../shared/modular-arithmetic/inside.ts";
import type { Circuit } from "../shared/modular-arithmetic/measure.ts";
import { chanceOfOne } from "../shared/modular-arithmetic/neuron-section.ts";
import { milestones } from "../shared/modular-arithmetic/training-section.ts";
import { withChance } from "../shared/modular-arithmetic/words.ts";

/** One kind of weights: its training, and what it does inside (for a + b). */
export interface Kind {
  readonly kind: string;
  readonly training: Training;
  readonly opened: Opened | undefined;
}

/** How a kind of weights is called in a sentence. */
export const kinds: { readonly [Q in Quantization]: string } = {
  binary: "binary",
  "binary-scaled": "scaled binary",
  ternary: "ternary",
  none: "full-precision",
};

/** How many frequencies are the yardstick of every network: about a tenth of all, six of 56. */
const yardstick = (p: number): number => Math.max(1, Math.round(Math.floor(p / 2) / 10));

/** Share in the `n` largest frequencies. */
function shareOfLargest(shares: readonly number[], n: number): number {
  return topFrequencies(shares, n).reduce((sum, k) => sum + (shares[k - 1] as number), 0);
}

export function* comparison(all: readonly Kind[], p: number): Generator<Block> {
  const trained = all.filter(({ training }) => training.curves.step.length > 0);
  yield section("Kinds of weights side by side");
  yield prose(
    `All start from the same weights, see the same data and have the same optimizer; the matrices of the forward pass differ, and with them the scale of what they compute: signs are not scaled, so scores and activations of the binary network start much larger. They are trained for different numbers of updates, ${list(all.map(({ kind, training }) => `${count(training.at().step ?? 0)} (${kind})`))}, so the numbers at the end differ both by kind and by time.`,
  );
  yield table("kinds", "Each network at the checkpoint looked at", rowsOf(all));
  yield figure(
    "compare-losses",
    "Test loss of each kind of weights",
    "Training losses are pale.",
    lines({
      series: trained.flatMap(({ kind, training: { curves } }, color) => [
        { name: kind, x: curves.step, y: curves.testLoss, color },
        { name: `${kind}, train`, x: curves.step, y: curves.trainLoss, faint: true, color },
      ]),
      ...{ xLabel: "step", yLabel: "loss (nats)", logY: true },
      references: [{ value: Math.log(p), label: `guessing, ln ${p}` }],
    }),
  );
  const inside = all.flatMap(({ kind, opened }) =>
    opened === undefined ? [] : [{ kind, opened }],
  );
  if (inside.length > 0) yield* shares(inside, p);
}

/** One row for each quantity, one column for each network. */
function rowsOf(all: readonly Kind[]) {
  const columns = all.map((one) => ({ kind: one.kind, of: quantities(one) }));
  return Object.keys(columns[0]?.of ?? {}).map((quantity) => ({
    quantity,
    ...Object.fromEntries(columns.map(({ kind, of }) => [kind, of[quantity] ?? ""])),
  }));
}

function quantities({ training, opened }: Kind): Readonly<Record<string, string>> {
  const { groks, kept } = milestones(training.curves);
  return {
    updates: count(opened?.snapshot.step ?? training.at().step ?? 0),
    "first 99 % of test pairs": groks === undefined ? "not reached" : `step ${count(groks)}`,
    "logged steps from then on with 99 %": groks === undefined ? "none" : percent(kept),
    ...(opened === undefined ? {} : insideOf(opened)),
  };
}

function insideOf({ seen, dataKnown }: Opened): Readonly<Record<string, string>> {
  const {
    performance,
    progress,
    keyFrequencies: key,
    attention,
    embedding,
    summary,
    neurons,
  } = seen;
  const split = dataKnown
    ? {
        "test accuracy": percent(performance.accuracy.test),
        "excluded / training loss": `${number(progress.excluded.all)} / ${number(performance.loss.train)}`,
      }
    : {};
  return {
    ...split,
    "key frequencies": list(key),
    "restricted / full loss": `${number(progress.restricted.all)} / ${number(performance.loss.all)}`,
    "largest overlap of two key waves":
      key.length === 0 ? "none" : number(largestOverlap(embedding.products)),
    "attention above 99 % to one token": percent(attention.hard),
    "entropy of attention": `${number(attention.entropy)} of ${number(Math.log(3))} nats`,
    "a neuron's best frequency, on average": withChance(
      summary.meanNeuronFraction,
      chanceOfOne(seen.p),
    ),
    "neurons that never change": `${neurons.dead.length} of ${neurons.total}`,
  };
}

type Inside = { readonly kind: string; readonly opened: Opened };

function* shares(inside: readonly Inside[], p: number): Generator<Block> {
  const n = yardstick(p);
  const even = n / Math.floor(p / 2);
  const largest = n === 1 ? "largest frequency" : `${n} largest frequencies`;
  const values = ({ embedding, unembedding, logitMap, neurons, logits }: Circuit) =>
    [
      embedding.spectrum.shares,
      unembedding.shares,
      logitMap.shares,
      neurons.shares,
      logits.shares,
    ].map((shares) => shareOfLargest(shares, n));
  yield figure(
    "compare-shares",
    `How much of each network lies in its ${largest}`,
    `One yardstick for all: the ${largest}, of each matrix in each network. Shares of squared norm (embedding, unembedding, W_logit), of variance (neurons), and of the logits' variance in cos w(a + b − c). If all frequencies were alike, that would be ${percent(even)} of the first three.`,
    bars({
      categories: ["embedding", "unembedding", "W_logit", "neurons", "logits"],
      series: inside.map(({ kind, opened }) => ({ name: kind, values: values(opened.seen) })),
      yLabel: "share",
      references: [{ value: even, label: "all alike" }],
    }),
  );
  const follow = (value: (of: Moment) => number, yLabel: string) =>
    lines({
      series: inside.map(({ kind, opened: { moments } }) => ({
        name: kind,
        x: moments.map(({ step }) => step),
        y: moments.map(value),
      })),
      ...{ xLabel: "step", yLabel },
    });
  yield figure(
    "compare-logits",
    "Cosines of a + b − c in the logits of each network, over training",
    `Share of the variance in its ${largest}, so that networks can be compared at the same number of updates.`,
    follow(({ logitShares }) => shareOfLargest(logitShares, n), "share of variance"),
  );
  yield figure(
    "compare-attention",
    "How hard attention selects in each network, over training",
    "Share of pairs and heads in which one token gets more than 99 % of the attention.",
    follow(({ hard }) => hard, "share"),
    { folded: true },
  );
  yield figure(
    "compare-neurons",
    "Best single frequency of each neuron, sorted",
    `The means over neurons that change are ${list(inside.map(({ kind, opened: { seen } }) => `${percent(seen.summary.meanNeuronFraction)} (${kind})`))}; ${list(inside.map(({ kind, opened: { seen } }) => `${seen.neurons.dead.length} (${kind})`))} never change and stand at 0.`,
    lines({
      series: inside.map(({ kind, opened }) => ({
        name: kind,
        y: opened.seen.neurons.sortedFractions,
      })),
      ...{ xLabel: "neuron, sorted", yLabel: "fraction of variance", xIsIndex: true },
      references: [{ value: 0.85, label: "85 %" }],
    }),
    { folded: true },
  );
}
