/** What a reader asks afterwards: a sum, a head, a digit of their own. */

import {
  type Block,
  behavior,
  count,
  explore,
  figure,
  list,
  number,
  percent,
  prose,
  section,
  table,
} from "../../article/index.ts";
import { InputError } from "../../core/errors.ts";
import { bars, facets, heatmap, lines } from "../../figures/index.ts";
import type { Curves, Snapshot } from "../../lab/index.ts";
import { digitCases } from "../../tasks/index.ts";
import { digitNames } from "./answers.ts";
import { entry, patternFigure, positionNames, readsOf } from "./attention-sections.ts";
import type { CarryExchange } from "./carries.ts";
import { riseOf } from "./component-sections.ts";
import {
  type Ablations,
  ablations,
  type Components,
  componentNames,
  digitsOf,
  type MeanAttention,
  type OwnSum,
  ownSum,
} from "./measure.ts";
import { columnOf, type Phase, smooth } from "./training-sections.ts";

/** What a reader asked for. */
export interface Asked {
  readonly sum?: string | undefined;
  readonly head?: number | undefined;
  readonly digit?: number | undefined;
}

/** What the article has measured. */
export interface Seen {
  readonly curves: Curves;
  readonly phases: readonly Phase[];
  readonly attention: MeanAttention;
  readonly carries: CarryExchange;
  readonly written: Components;
}

/** Heads that a page has a part for; of more it shows the one that was asked for. */
const mostHeads = 8;

/** @throws InputError for a sum, a head or a digit that this model does not have. */
export async function* viewSections(
  model: Snapshot,
  { sum, head = 0, digit = 0 }: Asked,
  seen: Seen,
): AsyncGenerator<Block> {
  const digits = digitsOf(model.config);
  const heads = model.config.nHeads as number;
  if (head >= heads) {
    throw new InputError(`addition: head must be from 0 to ${heads - 1}, got ${head}`);
  }
  if (digit > digits) {
    throw new InputError(`addition: digit must be from 0 to ${digits}, got ${digit}`);
  }
  if (sum !== undefined) {
    const [x, y] = numbersOf(sum, digits);
    yield* sumSection(`${x.join("")}+${y.join("")}`, await model.measure(ownSum, x, y), digits);
  }
  const found = await model.measure(ablations);
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
  yield section("Head by head");
  const shown = heads > mostHeads ? [head] : upTo(heads);
  yield explore("head", shown, head, (one) => headPart(one, digits, seen));
  yield section("Digit by digit");
  yield explore("digit", upTo(digits + 1), digit, (one) =>
    digitPart(digits - one, componentNames(model.config).slice(1), found, seen),
  );
}

/** The digits of two numbers, most significant first, zeros in front. */
function numbersOf(sum: string, digits: number): [number[], number[]] {
  const [x = "", y = ""] = sum.split("+");
  if (x.length > digits || y.length > digits) {
    throw new InputError(
      `addition: sum must be of numbers of at most ${digits} digits, got ${sum}`,
    );
  }
  const own = (text: string) => [...text.padStart(digits, "0")].map(Number);
  return [own(x), own(y)];
}

function* sumSection(asked: string, got: OwnSum, digits: number): Generator<Block> {
  const names = digitNames(digits);
  const [right, written] = [got.sum.join(""), got.written.join("")];
  const wrong = names.filter((_, i) => got.written[i] !== got.sum[i]);
  yield section(`Your sum: ${asked}`);
  yield prose(
    `It writes \`${written}\`, each digit after those that it wrote before; the sum is \`${right}\`. `,
    behavior("own-sum-right", wrong.length === 0, "That is right.", `Wrong: ${list(wrong)}.`),
    " Below, the digits before are the right ones, as in training.",
  );
  yield table(
    "own-digits",
    "Digit by digit",
    names.map((name, i) => {
      const own = got.probabilities[i] as readonly number[];
      const best = own.indexOf(Math.max(...own));
      return {
        digit: name,
        right: String(got.sum[i]),
        "most likely": String(best),
        "probability of the right one": percent(own[got.sum[i] as number] ?? Number.NaN),
        "loss (nats)": number(got.losses[i] ?? Number.NaN),
        task: i === 0 ? "leading carry" : (got.cases[i - 1] as string),
      };
    }),
  );
  yield figure(
    "own-probabilities",
    "Probability of each digit",
    `Rows: the digit that is predicted. The sum is ${right}.`,
    heatmap({
      z: got.probabilities.map((row) => row.slice(0, 10)),
      y: names,
      xLabel: "answer",
      yLabel: "digit of the sum",
      sequential: true,
      range: [0, 1],
      aspect: "auto",
      height: 90 + 40 * names.length,
    }),
  );
  yield figure(
    "own-attention",
    `Attention on ${asked}=${right}`,
    "Destination down, source across; rows from = on predict the digits of the sum.",
    patternFigure(`${asked}=${right}`, got.pattern),
  );
}

function* headPart(head: number, digits: number, seen: Seen): Generator<Block> {
  const { attention, carries, written } = seen;
  const { reads, chance } = readsOf(attention);
  const own = reads[head] as (typeof reads)[number];
  const names = digitNames(digits);
  const moved = carries.exchange[head] ?? [];
  yield prose(
    `Head ${head} puts ${percent(own.own)} of its attention on the two digits that are added (mean over A${digits - 1} to A0) and ${percent(own.right)} on the two to their right (mean over A${digits} to A1); by chance ${percent(chance)} each. An exchange moves the carry into ${list(moved.map((share, i) => `${names[i]} in ${percent(share)}`))} of the questions.`,
  );
  yield figure(
    "head-attention",
    `Mean attention of head ${head}`,
    "As it is, and with the embedding of every digit replaced by the mean of the ten.",
    facets({
      panels: [
        { title: "usual", z: entry(attention.usual, head) },
        { title: "digits averaged", z: entry(attention.averaged, head) },
      ],
      x: positionNames(digits),
      y: names,
      columns: 1,
      xLabel: "attends to",
      yLabel: "predicts",
      sequential: true,
      range: [0, 1],
      aspect: "auto",
    }),
  );
  yield figure(
    "head-attribution",
    `What head ${head} adds to the right digit by itself`,
    "The logit of the right digit less the mean of the ten digits; what it gives to the MLP is not in it.",
    bars({
      categories: names,
      series: [{ name: `head ${head}`, values: written.attribution[head + 1] ?? [] }],
      xLabel: "digit of the sum",
      yLabel: "logit",
      height: 300,
    }),
  );
}

/** `place` counts from the leading digit. */
function* digitPart(
  place: number,
  parts: readonly string[],
  found: Ablations,
  { curves, phases, attention, carries, written }: Seen,
): Generator<Block> {
  const [heads, places, length] = attention.usual.shape as [number, number, number];
  const digits = places - 1;
  const name = digitNames(digits)[place] as string;
  const changes = phases.filter(({ column }) => column.endsWith(name));
  const when = list(changes.map(({ column, step }) => `${column} at step ${count(step)}`));
  yield prose(
    `The mean loss of ${name} on 512 random sums is ${number(found.full[name] ?? Number.NaN)} nats.`,
    curves.step.length === 0 ? "" : ` Phase changes of it and its cases: ${when}.`,
  );
  yield table(
    "digit-components",
    `What the components do for ${name}`,
    parts.map((part, i) => ({
      component: part,
      "loss added when replaced by its mean": number(riseOf(found.mean[i] ?? {}, found, name)),
      "by zero": number(riseOf(found.zero[i] ?? {}, found, name)),
      "adds to the right digit": number(written.attribution[i + 1]?.[place] ?? Number.NaN),
      "carries that an exchange moves": shareIn(carries.exchange.slice(0, -1)[i], place),
    })),
  );
  yield figure(
    "digit-attention",
    `Mean attention where ${name} is predicted`,
    "One row for each head.",
    heatmap({
      z: Array.from({ length: heads }, (_, head) => {
        const at = (head * places + place) * length;
        return Array.from(attention.usual.data.slice(at, at + length));
      }),
      x: positionNames(digits),
      y: parts.slice(0, heads),
      xLabel: "attends to",
      sequential: true,
      range: [0, 1],
      aspect: "auto",
      height: 90 + 44 * heads,
    }),
  );
  const raw = columnOf(curves, name);
  if (raw === undefined) return;
  yield figure(
    "digit-loss",
    `Loss of ${name} during training`,
    "Every batch, and running means of its cases.",
    lines({
      series: [
        { name, x: curves.step, y: raw, faint: true },
        ...digitCases.flatMap((one, i) => smooth(curves, `${one}.${name}`, one, i + 1)),
      ],
      xLabel: "step",
      yLabel: "loss (nats)",
    }),
  );
}

/** A share, or "–" for a component or a digit that has none. */
function shareIn(row: readonly number[] | undefined, place: number): string {
  const share = row?.[place];
  return share === undefined ? "–" : percent(share);
}
