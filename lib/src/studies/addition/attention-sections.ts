/** The part of the article about attention: what heads read, which brings a carry, the hook experiment. */

import {
  type Block,
  claim,
  count,
  figure,
  headline,
  isMost,
  list,
  mechanism,
  number,
  percent,
  prose,
  section,
  table,
} from "../../article/index.ts";
import { type NdArray, nd } from "../../core/nd.ts";
import { facets, heatmap } from "../../figures/index.ts";
import { answerPositions, type DigitCase } from "../../tasks/index.ts";
import { digitNames } from "./answers.ts";
import type { CarryExchange } from "./carries.ts";
import type { MeanAttention, OpenBatch } from "./measure.ts";
import { printedPredictions } from "./printed.ts";
import { own } from "./sources.ts";
import { guessing } from "./training-sections.ts";

/** Entry `i` of the first axis. */
export function entry({ dtype, shape, data }: NdArray, i: number): NdArray {
  const [, ...rest] = shape;
  const size = rest.reduce((a, b) => a * b, 1);
  return nd(dtype, rest, data.slice(i * size, (i + 1) * size));
}

/** The mean of a list. */
export function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** "x1", "x0", "+", …: what stands at each position. */
export function positionNames(digits: number): string[] {
  const number = (name: string) =>
    Array.from({ length: digits }, (_, i) => `${name}${digits - 1 - i}`);
  return [...number("x"), "+", ...number("y"), "=", ...digitNames(digits)];
}

/** What each head attends to where digits are predicted. */
export interface Reads {
  /** Share of attention on the two digits that the digit of the sum is made of, below the leading one. */
  readonly own: number;
  /** Share on the two digits to their right, which make the carry, above the units. */
  readonly right: number;
  /** Both, with the embedding of every digit replaced by their mean. */
  readonly ownAveraged: number;
  readonly rightAveraged: number;
}

/** Mean shares of attention, and what attending to all positions alike would give. */
export function readsOf({ usual, averaged }: MeanAttention): { reads: Reads[]; chance: number } {
  const [heads, places, length] = usual.shape as [number, number, number];
  const digits = places - 1;
  const on = (pattern: NdArray, head: number, place: number, column: number): number => {
    const at = (head * places + place) * length;
    return Number(pattern.data[at + column]) + Number(pattern.data[at + digits + 1 + column]);
  };
  const each = Array.from({ length: digits }, (_, i) => i);
  const reads = Array.from({ length: heads }, (_, head) => ({
    own: mean(each.map((i) => on(usual, head, i + 1, i))),
    right: mean(each.map((i) => on(usual, head, i, i))),
    ownAveraged: mean(each.map((i) => on(averaged, head, i + 1, i))),
    rightAveraged: mean(each.map((i) => on(averaged, head, i, i))),
  }));
  const chance = mean(answerPositions(digits).map((position) => 2 / (position + 1)));
  return { reads, chance };
}

/** "head 0", "heads 0 and 1". */
export function headNames(heads: readonly number[]): string {
  return `${heads.length === 1 ? "head" : "heads"} ${list(heads)}`;
}

/** Heads that put most of their attention on the digits that are added. */
export function ownPairHeads(attention: MeanAttention): number[] {
  const { reads, chance } = readsOf(attention);
  return reads.flatMap(({ own }, head) => (isMost(own, chance) ? [head] : []));
}

export function* attentionSection(attention: MeanAttention, batch: OpenBatch): Generator<Block> {
  const { reads, chance } = readsOf(attention);
  const readers = ownPairHeads(attention);
  const still = readers.filter((head) => isMost(reads[head]?.ownAveraged ?? 0, chance));
  const shares = readers.map((head) => percent(reads[head]?.own ?? 0));
  yield section(
    headline(
      mechanism(
        "heads-read-pairs",
        readers.length > 0,
        "Heads read the two digits that are added",
        "",
      ),
      "Where it attends",
    ),
  );
  yield prose(
    `Attention from where each digit of the sum is predicted, the mean over 512 random sums. Attending to all positions alike puts ${percent(chance)} on any two digits. `,
    mechanism(
      "own-pair",
      readers.length > 0,
      `On the two digits that are added there, ${headNames(readers)} ${readers.length === 1 ? "puts" : "put"} ${list(shares)}, at least half of the way from that to all. `,
      "No head puts as much as half of the way from that to all on the two digits that are added there. ",
    ),
    mechanism(
      "finds-by-position",
      readers.length === 0 ? undefined : still.length === readers.length,
      "They are found by position: with the embedding of every digit replaced by the mean of the ten it is still so.",
      `With the embedding of every digit replaced by the mean of the ten it is still so for ${still.length} of ${readers.length}.`,
    ),
  );
  yield* attentionFigures(attention, reads);
  yield* questionFigures(batch);
}

export function pairClaim(attention: MeanAttention): Block {
  const text = "heads that put most of their attention on the two digits that are added";
  const why = "the two digits have to meet somewhere";
  return claim("pair-heads", text, own, 1, ownPairHeads(attention).length, { atLeast: why });
}

function* attentionFigures(attention: MeanAttention, reads: readonly Reads[]): Generator<Block> {
  const digits = (attention.usual.shape[1] as number) - 1;
  const [below, above] = [`A${digits - 1} to A0`, `A${digits} to A1`];
  yield table(
    "reads",
    "What the heads attend to",
    reads.map((read, head) => ({
      head: String(head),
      [`two digits added (${below})`]: percent(read.own),
      [`the two to their right (${above})`]: percent(read.right),
      "two digits added, digits averaged": percent(read.ownAveraged),
      "the two to their right, digits averaged": percent(read.rightAveraged),
    })),
  );
  const drawn = (pattern: NdArray) =>
    headFacets(pattern, positionNames(digits), digitNames(digits), {
      xLabel: "attends to",
      yLabel: "predicts",
      aspect: "auto",
    });
  yield figure(
    "attention-mean",
    "Mean attention of each head",
    "Rows: the digit that is predicted. Columns: digits of the two numbers, x and y, and of the sum so far, units 0.",
    drawn(attention.usual),
  );
  yield figure(
    "attention-averaged",
    "Mean attention when all digits look alike",
    "The embedding of every digit is replaced by the mean of the ten: what is left is position.",
    drawn(attention.averaged),
    { folded: true },
  );
}

function* questionFigures({ questions }: OpenBatch): Generator<Block> {
  const kinds: Readonly<Record<DigitCase, string>> = {
    BaseAdd: "no carry",
    UseCarry1: "carries, none through a nine",
    UseSum9: "a carry through a nine",
  };
  for (const [i, { written, kind, pattern }] of questions.entries()) {
    yield figure(
      `attention-${i}`,
      `Attention on ${written} (${kinds[kind]})`,
      "Destination down, source across; rows from = on predict the digits of the sum.",
      patternFigure(written, pattern),
      { folded: i > 0 },
    );
  }
}

/** Attention "head dest src" on one question. */
export function patternFigure(written: string, pattern: NdArray) {
  const labels = { xLabel: "source", yLabel: "destination" } as const;
  return headFacets(pattern, [...written], [...written], labels);
}

/** A map for each head. */
function headFacets(
  pattern: NdArray,
  x: readonly string[],
  y: readonly string[],
  options: { readonly xLabel: string; readonly yLabel: string; readonly aspect?: "auto" },
) {
  const heads = pattern.shape[0] as number;
  return facets({
    panels: Array.from({ length: heads }, (_, h) => ({ title: `head ${h}`, z: entry(pattern, h) })),
    x,
    y,
    columns: Math.min(heads, 2),
    sequential: true,
    range: [0, 1],
    ...options,
  });
}

/** For each digit above the units the head that alone moves most carries, if one moves most of them. */
export function carryHeads({ exchange, usual }: CarryExchange): (number | undefined)[] {
  const heads = exchange.length - 1;
  return usual.map((without, i) => {
    const own = exchange.slice(0, heads).map((row) => row[i] as number);
    const best = own.indexOf(Math.max(...own));
    return isMost(own[best] as number, without) ? best : undefined;
  });
}

export function* carrySection(found: CarryExchange): Generator<Block> {
  const { exchange, usual } = found;
  const heads = exchange.length - 1;
  const names = digitNames(usual.length).slice(0, -1);
  const carriers = carryHeads(found);
  const alone = carriers.filter((head) => head !== undefined).length;
  const each = carriers.flatMap((head, i) =>
    head === undefined
      ? []
      : [`head ${head} for ${names[i]} (${percent(exchange[head]?.[i] ?? Number.NaN)})`],
  );
  yield section(
    headline(mechanism("carries-by-head", alone > 0, "Which head brings a carry", ""), "Carries"),
  );
  yield prose(
    `An interchange: 256 questions each get a partner that differs only in the column to the right of a digit, where one of the two makes a carry and the other does not. What a head gives where that digit is predicted is taken from the partner's pass. If that head brings the carry, the digit becomes the partner's, one more or one less; without an exchange ${percent(mean(usual))} of the digits are the partner's by mistake. `,
    mechanism(
      "one-head-brings-a-carry",
      alone > 0,
      `For ${alone} of ${names.length} digits a single head is enough to move most carries: ${list(each)}.`,
      `For none of ${names.length} digits is a single head enough to move most carries; all heads together move ${percent(mean(exchange[heads] ?? []))}.`,
    ),
  );
  yield figure(
    "carry-exchange",
    "Carries that an exchange moves",
    "Share of questions whose digit becomes the partner's when what this head gives is taken from there.",
    heatmap({
      z: exchange.map((row) => [...row]),
      x: names,
      y: exchange.map((_, head) => (head === heads ? "all heads" : `head ${head}`)),
      xLabel: "digit of the sum",
      sequential: true,
      range: [0, 1],
      annotate: true,
      valueFormat: ".2f",
      aspect: "auto",
      height: 90 + 44 * exchange.length,
    }),
  );
}

export function carryClaim({ exchange, usual }: CarryExchange): Block {
  const text = "share of carries that an exchange of all heads moves, above what is so without";
  const moved = mean(exchange.at(-1) ?? []) - mean(usual);
  const why = "half of them: nothing but attention moves anything between positions";
  return claim("carries-moved", text, own, 0.5, moved, { atLeast: why });
}

/** The tokens at positions that are never trained, beside those that the notebook printed. */
function comparison({ predictions }: OpenBatch): string {
  const asked = answerPositions((predictions.length - 3) / 3);
  const others = predictions.map((_, i) => i).filter((i) => !asked.includes(i));
  const same = others.filter((i) => predictions[i] === printedPredictions[i]);
  return ` Of the ${others.length} other positions, which are never trained, ${same.length} have the tokens that the notebook printed.`;
}

/** The digits of the sum that a model predicts at all positions. */
export function answerOf({ predictions }: OpenBatch): number[] {
  const digits = (predictions.length - 3) / 3;
  return answerPositions(digits).map((position) => predictions[position] as number);
}

/** `isNew`: it comes after the batches trained on. `asPrinted`: the notebook has the same model. */
export function* hookSection(
  batch: OpenBatch,
  { isNew, asPrinted }: { readonly isNew: boolean; readonly asPrinted: boolean },
): Generator<Block> {
  const { number: which, count: size, first, predictions, kinds } = batch;
  const rise = batch.without.loss - batch.with.loss;
  const digits = (predictions.length - 3) / 3;
  const guess = mean(digitNames(digits).map((digit) => guessing(digit, digits)));
  yield section("The hook experiment");
  yield prose(
    `Batch ${count(which)}${isNew ? " comes after those trained on. It" : ""} has ${size} questions: ${kinds[0]} need no carry, ${kinds[1]} have carries but none through a nine, ${kinds[2]} have one through a nine. On its first question, \`${first}\`, the most likely tokens are \`${predictions.join(" ")}\`. The prediction for a position stands one place before it, so the answer is read there: \`${answerOf(batch).join("")}\`.${asPrinted ? comparison(batch) : ""}`,
  );
  yield prose(
    `A hook at \`blocks.0.attn.hook_pattern\` that multiplies attention by 0 leaves each position its own token and place. It changes the logits of this batch by up to ${number(batch.largestChange)}; the loss goes from ${number(batch.with.loss)} to ${number(batch.without.loss)} nats, and the share of right answers from ${percent(batch.with.answers)} to ${percent(batch.without.answers)}. `,
    mechanism(
      "attention-needed",
      rise >= guess / 2,
      `That costs at least half of what guessing does (${number(guess)} nats).`,
      `That costs less than half of what guessing does (${number(guess)} nats).`,
    ),
  );
}
