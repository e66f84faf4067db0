/** The parts of the article about the heads: on one sequence, by their weights, answer by answer. */

import {
  type Block,
  claim,
  explore,
  figure,
  formula,
  headline,
  list,
  mechanism,
  number,
  percent,
  prose,
  section,
} from "../../article/index.ts";
import { bars, facets, heatmap, markup } from "../../figures/index.ts";
import { answerOf, answerPairs, skipTrigramTokens } from "../../tasks/index.ts";
import type { Circuits, Opened, Rows, Signal } from "./measure.ts";
import { printedAttention, printedHead1, printedLogits } from "./printed.ts";
import { notebook, recomputed } from "./sources.ts";

const tokenNames = Array.from({ length: skipTrigramTokens }, (_, token) => String(token));
const answerNames = answerPairs().map(([a, b], answer) => `${answer} = (${a}, ${b})`);
/** Signal is made of these; the other tokens but 0 are fillers. */
const numbers = [1, 2, 3, 4];
const fillers = [5, 6, 7, 8, 9, 10];

function headNames(count: number): string[] {
  return Array.from({ length: count }, (_, head) => `head ${head}`);
}

/** What the model does with a sequence; `id` ends the names of the figures. */
export function* sequenceSection(
  title: string,
  id: string,
  tokens: readonly number[],
  { logits, pattern, parts }: Opened,
): Generator<Block> {
  const heads = pattern.length;
  const last = tokens.length - 1;
  const answer = logits.indexOf(Math.max(...logits));
  const written = tokens.map((token, pos) => markup`${token} <sub>${pos}</sub>`);
  const toBefore = pattern.map((rows) => percent(rows[last]?.[last - 1] ?? Number.NaN));
  yield section(`${title}: the sequence ${tokens.join(" ")}`);
  yield prose(
    `Its largest logit is that of ${answer}, ${number(logits[answer] as number)}${ruled(tokens)}. The logits are the sum of the rows below: the heads, the bias, and the last token itself, which the residual stream passes through.`,
  );
  yield figure(
    `pattern-${id}`,
    "Attention of each head",
    `Rows attend to columns. The last token gives ${list(toBefore)} of its attention to the token before it, head by head.`,
    facets({
      panels: headNames(heads).map((name, head) => ({ title: name, z: pattern[head] as Rows })),
      ...{ x: written, y: written, columns: heads },
      xLabel: "attended token",
      yLabel: "token",
      sequential: true,
      range: [0, 1],
    }),
  );
  yield figure(
    `contributions-${id}`,
    "What each head adds to the logits at the last position",
    "Columns add up to the last row. The bias has its own row: adding it to each head, as the notebook does, counts it once per head.",
    heatmap({
      z: [...parts, [...logits]],
      x: tokenNames,
      y: [...headNames(heads), markup`bias b<sub>O</sub>`, "residual", "logits"],
      xLabel: "logit",
      annotate: true,
      valueFormat: ".2f",
      aspect: "auto",
      height: 100 + 44 * (heads + 3),
    }),
  );
}

/** What the rule answers, for signal. */
function ruled(tokens: readonly number[]): string {
  const [a = 0, b = 0, last] = [tokens[0], tokens.at(-2), tokens.at(-1)];
  const is = last === 0 && numbers.includes(a) && numbers.includes(b);
  return is
    ? `; the rule answers ${answerOf(a, b)}`
    : "; it is no signal, so the rule has no answer";
}

/** What the notebook printed of its sequence after 60 epochs. */
export function* sequenceClaims({ logits, perHead, bias, pattern }: Opened): Generator<Block> {
  const furthest = (own: readonly number[], printed: readonly number[]) =>
    Math.max(...printed.map((x, i) => Math.abs(x - (own[i] ?? Number.NaN))));
  const head1 = (perHead[1] ?? []).flatMap((row) => row.map((x, k) => x + (bias[k] as number)));
  const rule = {
    within: 6e-5,
    why: "half a unit of the fourth decimal, and float32 rounding over 600 updates",
  };
  for (const [id, text, source, own, printed] of [
    [
      "printed-logits",
      "logits of 2 5 3 0 after 60 epochs: largest difference from the printed decimals",
      notebook("cell 170"),
      logits,
      printedLogits,
    ],
    [
      "printed-head-1",
      "what head 1 adds to the residual stream, with b_O as the notebook counts it: largest difference from the printed decimals",
      notebook("cell 192"),
      head1,
      printedHead1.flat(),
    ],
    [
      "printed-attention",
      "attention of the last token of 2 5 3 0, head by head: largest difference from four decimals",
      recomputed,
      pattern.flatMap((rows) => rows.at(-1) as number[]),
      printedAttention.flat(),
    ],
  ] as const) {
    yield claim(id, text, source, 0, furthest(own, printed), rule);
  }
}

/** The score that 0, with which signal ends, gives a token: the numbers and the fillers, as ranges. */
function scoresOfZero(rows: Rows) {
  const of = (tokens: readonly number[]) => tokens.map((token) => rows[0]?.[token] as number);
  const ends = (scores: readonly number[]) => [Math.min(...scores), Math.max(...scores)] as const;
  const [own, others] = [ends(of(numbers)), ends(of(fillers))];
  return { own, others, apart: own[0] > others[1] };
}

/** The heads in which 0 attends more to each number than to any filler. */
export function headsThatTellApart({ qk }: Circuits): number {
  return qk.filter((rows) => scoresOfZero(rows).apart).length;
}

export function* circuitsSection(seen: Circuits): Generator<Block> {
  const { qk, ov } = seen;
  const scores = qk.map(scoresOfZero);
  const range = ([low, high]: readonly [number, number]) => `${number(low)} to ${number(high)}`;
  const panels = (tables: readonly Rows[]) =>
    headNames(tables.length).map((title, head) => ({ title, z: tables[head] as Rows }));
  const shared = { x: tokenNames, y: tokenNames, columns: qk.length };
  yield section("The heads by their weights");
  yield prose(
    "With a one-hot embedding the weights of a head are tables of tokens, of rank at most its width. At width one they are a number per query times a number per key, and a number per attended token times one fixed direction of logits.",
  );
  yield formula(
    "\\text{QK}_{qk} = \\frac{(W_Q[q] + b_Q) \\cdot (W_K[k] + b_K)}{\\sqrt{d_{\\text{head}}}}, \\qquad \\text{OV}_{t} = (W_V[t] + b_V) \\, W_O",
  );
  yield figure(
    "qk",
    "QK: attention score of each token for each token",
    [
      `Only the row of 0 matters for signal: 0 is always the last token. It gives the numbers 1 … 4 and the fillers 5 … 10 scores of ${list(scores.map(({ own, others }, head) => `${range(own)} and ${range(others)} in head ${head}`))}. `,
      mechanism(
        "numbers-above-fillers",
        headsThatTellApart(seen) === qk.length,
        "In every head every number scores above every filler.",
        `In ${qk.length - headsThatTellApart(seen)} of ${qk.length} heads some number does not score above every filler.`,
      ),
    ],
    facets({ panels: panels(qk), ...shared, xLabel: "key", yLabel: "query" }),
  );
  yield figure(
    "ov",
    "OV: what attending to a token adds to each logit",
    "At width one every row of a head is a multiple of the same direction: of two tokens with multiples of opposite sign one raises the logits that the other lowers.",
    facets({ panels: panels(ov), ...shared, xLabel: "logit", yLabel: "attended token" }),
  );
}

/** For each head the answers that are less often right without it. */
function neededFor({ withoutHead, perAnswer }: Signal): number[][] {
  return withoutHead.map((row) =>
    row.flatMap((share, answer) => (share < (perAnswer[answer] as number) ? [answer] : [])),
  );
}

/** Whether all signal is right, and some of it is not without any one of the heads. */
export function noHeadIsIdle(signal: Signal): boolean {
  return signal.accuracy === 1 && neededFor(signal).every((answers) => answers.length > 0);
}

export function* answersSection(signal: Signal): Generator<Block> {
  const { withoutHead, perAnswer, writes, sequences } = signal;
  const heads = withoutHead.length;
  const needed = neededFor(signal);
  const by = answerNames.map((_, answer) => needed.filter((own) => own.includes(answer)).length);
  const answers = (wanted: (count: number) => boolean) =>
    list(by.flatMap((count, answer) => (wanted(count) ? [answer] : [])));
  yield section(
    headline(
      mechanism("heads-share-answers", noHeadIsIdle(signal), "The heads share the answers", ""),
      "Which answers each head writes",
    ),
  );
  yield prose(
    needed
      .map((own, head) =>
        own.length === 0
          ? `Without head ${head} no answer is less often right. `
          : `Without head ${head} the answers ${list(own)} are less often right. `,
      )
      .join(""),
    `Answers that are less often right without exactly one of the heads: ${answers((n) => n === 1)}; without several: ${answers((n) => n > 1)}; without none: ${answers((n) => n === 0)}.`,
  );
  yield figure(
    "without-head",
    "Share of each answer that is right without one head",
    `Over ${sequences} signal sequences; the head's output is replaced by its mean over them.`,
    heatmap({
      z: [...withoutHead, perAnswer],
      x: answerNames,
      y: [...headNames(heads).map((name) => `without ${name}`), "all heads"],
      xLabel: "answer",
      sequential: true,
      range: [0, 1],
      annotate: true,
      valueFormat: ".2f",
      aspect: "auto",
      height: 130 + 44 * (heads + 1),
    }),
  );
  yield figure(
    "writes",
    "What each head adds for each pair",
    "Mean over the sequences of a pair, less the mean over all pairs. The diagonal is the right answer.",
    facets({
      panels: headNames(heads).map((title, head) => ({ title, z: writes[head] as Rows })),
      x: tokenNames,
      y: answerNames,
      columns: heads,
      xLabel: "logit",
      yLabel: "right answer",
    }),
  );
}

/** Heads that the page holds a part of for each. */
const mostExplored = 64;

/** One head after the other: what it looks for, and what it is needed for. */
export function* headSection(asked: number, { qk }: Circuits, signal: Signal): Generator<Block> {
  const heads = qk.map((_, head) => head);
  const needed = neededFor(signal);
  yield section("One head");
  yield explore("head", heads.length <= mostExplored ? heads : [asked], asked, function* (head) {
    const [first, second] = signal.toNumbers[head] as [number, number];
    yield prose(
      `On signal the last token gives ${percent(first)} of the attention of head ${head} to the first number and ${percent(second)} to the second. Less often right without it: ${list(needed[head] as number[])}.`,
    );
    yield figure(
      "one-head",
      "The score that 0 gives each token",
      "The row of 0 in the head's QK.",
      bars({
        categories: tokenNames,
        series: [{ name: "score", values: qk[head]?.[0] as number[] }],
        xLabel: "token",
        yLabel: "attention score",
        height: 300,
      }),
    );
  });
}
