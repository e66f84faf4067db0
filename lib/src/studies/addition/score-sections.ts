/** The part of the article about how well a model adds, for the trained and the published one. */

import {
  type Block,
  behavior,
  claim,
  count,
  figure,
  list,
  number,
  percent,
  prose,
  section,
} from "../../article/index.ts";
import type { NdArray } from "../../core/nd.ts";
import { bars, heatmap } from "../../figures/index.ts";
import { digitCases } from "../../tasks/index.ts";
import { type Hits, shareOf } from "./answers.ts";
import type { Scores } from "./measure.ts";
import { published } from "./sources.ts";

/** Fewer questions than these say little about a share. */
const enough = 30;

/** "97 % at 0, 90 % at 1", for those that there are. */
function shares(hits: readonly Hits[]): string {
  return list(
    hits.flatMap((one, k) => (one.count === 0 ? [] : [`${percent(shareOf(one))} at ${k}`])),
  );
}

/** `id` tells the figures and findings of several models apart. */
export function* scoreSection(title: string, id: string, scores: Scores): Generator<Block> {
  const { all, byKind, byCascade, byDistance } = scores;
  const counted = byCascade.filter((hits) => hits.count >= enough).map(shareOf);
  const falls = counted.slice(1).every((share, k) => share < (counted[k] as number));
  yield section(title);
  yield prose(
    `${count(all.right)} of ${count(all.count)} random sums are right, ${percent(shareOf(all))}: ${list(digitCases.map((one, i) => `${percent(shareOf(byKind[i] as Hits))} of kind ${one}`))}. The mean loss of a digit is ${number(scores.loss)} nats.`,
  );
  yield prose(
    `A carry that meets a column of sum 9 moves on. By the longest cascade, the most nines that one carry passes, the shares of right answers are ${shares(byCascade)}. `,
    behavior(
      `cascades-${id}`,
      counted.length < 2 ? undefined : falls,
      `With every further nine it is less, as far as there are ${enough} questions. `,
      `It does not become less with every further nine, as far as there are ${enough} questions. `,
    ),
    `Whether a carry comes into a digit is decided by the next column to its right that does not sum to 9. By the number of nines between, the shares of right digits are ${shares(byDistance)}.`,
  );
  yield* scoreFigures(id, scores);
}

function* scoreFigures(id: string, scores: Scores): Generator<Block> {
  const { digits, digitAccuracy, byNines, byCascade, byDistance } = scores;
  const folded = { folded: id === "published" };
  yield figure(
    `digits-${id}`,
    "Each digit of the sum",
    `Share of each digit that is right, from the leading carry ${digits[0]} to the units ${digits.at(-1)}. Guessing: a tenth, of ${digits[0]} a half.`,
    bars({
      categories: digits,
      series: [{ name: "right", values: digitAccuracy }],
      xLabel: "digit of the sum",
      yLabel: "share right",
      height: 300,
    }),
    folded,
  );
  yield figure(
    `cascades-${id}`,
    "How far a carry has to travel",
    "Share of whole answers that are right, by all carried nines of a question and by the longest run of them; share of digits that are right, by the nines between the digit and what decides its carry.",
    bars({
      categories: byDistance.map((_, k) => String(k)),
      series: [
        { name: "answers, by carried nines", values: byDistance.map((_, k) => share(byNines[k])) },
        { name: "answers, by longest run", values: byDistance.map((_, k) => share(byCascade[k])) },
        { name: "digits, by nines between", values: byDistance.map(share) },
      ],
      xLabel: "nines",
      yLabel: "share right",
      height: 320,
    }),
    folded,
  );
  const table = (z: NdArray) => ({
    z,
    x: digits.slice(1),
    y: [...digitCases],
    xLabel: "digit of the sum",
    sequential: true,
    annotate: true,
    aspect: "auto" as const,
    height: 250,
  });
  yield figure(
    `case-accuracy-${id}`,
    "Right digits by case",
    "No carry comes into the units, so their other cases are empty.",
    heatmap({ ...table(scores.caseAccuracy), range: [0, 1], valueFormat: ".3f" }),
    folded,
  );
  yield figure(
    `case-loss-${id}`,
    "Loss by digit and case",
    "Mean loss in nats of the digits of each case.",
    heatmap({ ...table(scores.caseLoss), valueFormat: ".3g" }),
    { folded: true },
  );
}

function share(hits: Hits | undefined): number {
  return hits === undefined || hits.count === 0 ? Number.NaN : shareOf(hits);
}

/** What the published model scores in PyTorch on the same 100,000 sums. */
const scored = {
  accuracy: 0.97954,
  loss: 0.01116068662,
  digits: [0.99938, 0.9949, 0.99501, 0.98956, 0.99981, 1],
  cascades: [0.9880089842, 0.9632807571, 0.6738955823, 0.3146067416, 0],
} as const;

export function* publishedClaims(scores: Scores): Generator<Block> {
  const same = { within: 1e-9, why: "the same sums; float32 and float64 choose the same digits" };
  const own = (id: string, text: string, expected: number, measured: number, rule = same) =>
    claim(`published-${id}`, `published run: ${text}`, published, expected, measured, rule);
  yield own("accuracy", "right of 100,000 random sums", scored.accuracy, shareOf(scores.all));
  yield own("loss", "mean loss in nats", scored.loss, scores.loss, {
    within: 1e-7,
    why: "float32 against float64",
  });
  for (const [i, expected] of scored.digits.entries()) {
    const name = scores.digits[i] as string;
    const measured = scores.digitAccuracy[i] as number;
    yield own(name.toLowerCase(), `share of ${name} that is right`, expected, measured);
  }
  for (const [nines, expected] of scored.cascades.entries()) {
    const text = `right where the longest cascade is ${nines}`;
    yield own(`cascade-${nines}`, text, expected, share(scores.byCascade[nines]));
  }
}
