/** The parts of the article about training: every loss, by digit and by case, and when it falls. */

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
import { type LineSeries, lineFacets, lines } from "../../figures/index.ts";
import { type Curves, lastOf, valueAt } from "../../lab/index.ts";
import { type DigitCase, digitCases } from "../../tasks/index.ts";
import { digitNames } from "./answers.ts";
import type { AdditionStudyParams } from "./params.ts";
import { agreement, exactLosses, phaseChange, printedEvery, printedLosses } from "./printed.ts";
import { printed, retrained } from "./sources.ts";

/** Means are over so many logged values, drawn every few steps. */
const meanOver = 25;
const drawnEvery = 5;

/** A fall of one curve through half of the loss of guessing. */
export interface Phase {
  /** "A3", "BaseAdd.A2", … */
  readonly column: string;
  readonly step: number;
}

/** What guessing a digit of the sum costs in nats: the leading one is 0 or 1. */
export function guessing(digit: string, digits: number): number {
  return Math.log(digit === `A${digits}` ? 2 : 10);
}

/** A logged column; NaN where a batch had no such case, undefined where none had. */
export function columnOf({ rows }: Curves, name: string): readonly number[] | undefined {
  if (!rows.some((row) => row[name] !== undefined)) return undefined;
  return rows.map((row) => row[name] ?? Number.NaN);
}

/** Means of the last `meanOver` values that are there, with their steps; `whole` from the first full one. */
function runningMeans(step: readonly number[], values: readonly number[]) {
  const recent: number[] = [];
  return values.flatMap((value, i) => {
    if (!Number.isNaN(value)) recent.push(value);
    if (recent.length > meanOver) recent.shift();
    if (recent.length === 0) return [];
    const mean = recent.reduce((a, b) => a + b, 0) / recent.length;
    return [{ i, step: step[i] as number, mean, whole: recent.length === meanOver }];
  });
}

/** Every digit of the sum and every case of each: the step at which its running mean falls below. */
export function phasesOf(curves: Curves, digits: number): Phase[] {
  const names = digitNames(digits).flatMap((digit) => [
    { digit, column: digit },
    ...digitCases.map((one) => ({ digit, column: `${one}.${digit}` })),
  ]);
  return names.flatMap(({ digit, column }) => {
    const below = guessing(digit, digits) / 2;
    const means = runningMeans(curves.step, columnOf(curves, column) ?? []).filter(
      (one) => one.whole,
    );
    const at = means.findIndex(({ mean }) => mean < below);
    return at < 1 ? [] : [{ column, step: (means[at] as (typeof means)[number]).step }];
  });
}

/** A column as running means; nothing where it was never logged. */
export function smooth(curves: Curves, column: string, name: string, color: number): LineSeries[] {
  const values = column === "all" ? curves.testLoss : columnOf(curves, column);
  if (values === undefined) return [];
  const drawn = runningMeans(curves.step, values).filter(({ i }) => i % drawnEvery === 0);
  return [{ name, x: drawn.map(({ step }) => step), y: drawn.map(({ mean }) => mean), color }];
}

export function* trainingSection(
  params: AdditionStudyParams,
  curves: Curves,
  asPrinted: boolean,
): Generator<Block> {
  const { step, trainLoss, testLoss } = curves;
  const names = digitNames(params.digits);
  const finite = params.data === "finite";
  yield section("Training");
  yield prose(
    finite
      ? `${count(params.trainCount)} questions are the same at every update, and new ones test. `
      : `Every update has ${count(params.batchSize)} new questions, so the loss of a batch before its update is a test loss too. `,
    `The loss is the mean over the digits of the sum: ${number(trainLoss[0] ?? Number.NaN)} nats at first, ${number(lastOf(trainLoss))} at step ${count(lastOf(step))}. The model reads the right digits before the one it predicts. Curves of single digits and cases are means over the last ${meanOver} batches in which there were any.`,
  );
  yield figure(
    "loss",
    "Loss of every batch",
    asPrinted ? "Points: the losses that the notebook printed, on a GPU." : "In nats.",
    lines({
      x: step,
      series: [
        { name: "train", y: trainLoss, color: 0 },
        ...(finite ? [{ name: "test", y: testLoss, color: 2 }] : []),
        ...(asPrinted ? [printedPoints] : []),
      ],
      xLabel: "step",
      yLabel: "loss (nats)",
    }),
  );
  yield figure(
    "loss-digits",
    "Loss of each digit of the sum",
    `${names[0]}, the leading carry, is 0 or 1. Dashed: guessing among two and among ten digits.`,
    lines({
      series: [
        ...names.flatMap((name, i) => smooth(curves, name, name, i)),
        ...smooth(curves, "all", "all digits", names.length),
      ],
      xLabel: "step",
      yLabel: "loss (nats)",
      logY: true,
      references: [
        { value: Math.log(2), label: "ln 2" },
        { value: Math.log(10), label: "ln 10" },
      ],
    }),
  );
  yield figure(
    "loss-digits-raw",
    "Loss of each digit in every batch",
    "The same without means.",
    lines({
      x: step,
      series: names.flatMap((name) => {
        const y = columnOf(curves, name);
        return y === undefined ? [] : [{ name, y }];
      }),
      xLabel: "step",
      yLabel: "loss (nats)",
    }),
    { folded: true },
  );
}

const printedPoints: LineSeries = {
  name: "printed in the notebook",
  x: printedLosses.map((_, i) => i * printedEvery),
  y: [...printedLosses],
  points: "only",
  color: 1,
};

/** How many digits of each case the batches had, before the last update. */
export function caseTotals({ rows }: Curves, steps: number): number[] {
  return digitCases.map((one) =>
    rows.reduce((sum, row) => sum + (row.step < steps ? (row[`cases.${one}`] ?? 0) : 0), 0),
  );
}

/** The cases of questions as the notebook graphs them: column, name in the legend. */
const whole: Readonly<
  Record<DigitCase, readonly [string, readonly (readonly [string, string])[]]>
> = {
  BaseAdd: [
    "Questions without any carry: the mean over their digits below the leading one.",
    [["BaseAdd.all", "all digits"]],
  ],
  UseCarry1: [
    "Questions with carries of which none passes a nine: the mean over all digits.",
    [["UseCarry1.any", "at least one digit"]],
  ],
  UseSum9: [
    "Questions in which carries pass exactly one nine, or two: the mean over all digits.",
    [
      ["UseSum9.one", "1 digit"],
      ["UseSum9.two", "2 digits"],
    ],
  ],
};

export function* caseSection(params: AdditionStudyParams, curves: Curves): Generator<Block> {
  const totals = caseTotals(curves, params.steps);
  const total = totals.reduce((a, b) => a + b, 0);
  const shareOf = (i: number) =>
    `${count(totals[i] ?? 0)} digits, ${percent((totals[i] ?? 0) / total)}`;
  const cases = digitCases.map((one, i) => `${one} makes up ${shareOf(i)}`);
  yield section("Loss by sub-task");
  yield prose(
    `Of the digits in the ${params.data === "finite" ? "test" : "training"} batches below the leading one, ${list(cases)}. Every digit is of one case.`,
  );
  const names = digitNames(params.digits).slice(1);
  for (const [i, one] of digitCases.entries()) {
    const [see, columns] = whole[one];
    const axes = { xLabel: "step", yLabel: "loss (nats)" };
    yield figure(
      `loss-${one.toLowerCase()}`,
      `${one} (${shareOf(i)})`,
      see,
      lines({
        series: columns.flatMap(([column, name], k) => smooth(curves, column, name, k)),
        ...axes,
      }),
      { folded: true },
    );
    yield figure(
      `loss-${one.toLowerCase()}-digits`,
      `${one}, digit by digit`,
      `Each digit in the questions where it is of case ${one}.`,
      lines({
        series: names.flatMap((digit, k) => smooth(curves, `${one}.${digit}`, digit, k)),
        ...axes,
      }),
      { folded: true },
    );
  }
}

export function* digitSection(
  { digits }: AdditionStudyParams,
  curves: Curves,
  phases: readonly Phase[],
): Generator<Block> {
  const names = digitNames(digits);
  const at = (column: string) => phases.find((one) => one.column === column)?.step;
  const own = names.flatMap((name) =>
    at(name) === undefined ? [] : [{ name, step: at(name) as number }],
  );
  own.sort((a, b) => a.step - b.step);
  const gaps = own.slice(1).map(({ step }, i) => step - (own[i]?.step ?? 0));
  const closest = gaps.indexOf(Math.min(...gaps));
  const orders = names.slice(1).map((digit) =>
    digitCases
      .flatMap((one) => {
        const step = at(`${one}.${digit}`);
        return step === undefined ? [] : [{ one, step, digit }];
      })
      .sort((a, b) => a.step - b.step),
  );
  const complete = orders.filter((order) => order.length === digitCases.length);
  const last = complete.filter((order) => order.at(-1)?.one === "UseSum9");
  yield section("When the loss of each digit falls");
  yield prose(
    `A digit *changes phase* where the mean of its last ${meanOver} logged losses first falls below half of what guessing costs: ${number(Math.log(10) / 2)} nats, for the leading digit ${number(Math.log(2) / 2)}. ${own.length === 0 ? "No digit has" : list(own.map(({ name, step }) => `${name} at step ${count(step)}`))}. `,
    behavior(
      "own-times",
      gaps.length === 0 ? undefined : Math.min(...gaps) > meanOver,
      `No two of them are within ${meanOver} steps.`,
      `${own[closest]?.name} and ${own[closest + 1]?.name} are within ${meanOver} steps of each other.`,
    ),
  );
  const shown = orders.filter((order) => order.length > 0);
  if (shown.length > 0) {
    const one = (order: (typeof orders)[number]) =>
      `${order[0]?.digit}: ${list(order.map((phase) => `${phase.one} ${count(phase.step)}`))}`;
    yield prose(
      `By case, first to last: ${shown.map(one).join("; ")}. All three cases change phase in ${count(complete.length)} digits, and UseSum9 is the last in ${count(last.length)} of them.`,
    );
  }
  const facets = (cases: readonly DigitCase[]) =>
    lineFacets({
      panels: names.slice(1).map((title) => ({
        title,
        series: cases.flatMap((one) =>
          smooth(curves, `${one}.${title}`, one, digitCases.indexOf(one)),
        ),
      })),
      xLabel: "step",
      yLabel: "loss (nats)",
    });
  const see = "One panel for each digit, with common axes.";
  yield figure("digit-three-cases", "The three cases in each digit", see, facets(digitCases));
  yield figure(
    "digit-two-cases",
    "BaseAdd and UseCarry1 in each digit",
    see,
    facets(["BaseAdd", "UseCarry1"]),
    { folded: true },
  );
}

/** The printed losses, those that the training has come to. */
export function* lossClaims(
  curves: Curves,
  { steps, float64Steps }: AdditionStudyParams,
): Generator<Block> {
  for (const [i, loss] of printedLosses.entries()) {
    const step = i * printedEvery;
    if (step > steps) return;
    const measured = valueAt(curves, "trainLoss", step);
    if (step === 0) {
      const rule = { within: 1e-6, why: "before any update only the loss itself is rounded" };
      const text = "loss of the first batch, before the first update";
      yield claim("initial-loss", text, printed("printed during training"), loss, measured, rule);
      continue;
    }
    const apart = Math.abs(100 * ((exactLosses[i] as number) / loss - 1)).toFixed(2);
    const { share, why } = agreement.find(({ until }) => step <= until) ?? agreement[2];
    yield claim(
      `loss-${step}`,
      `loss at step ${step}`,
      printed("printed during training"),
      loss,
      measured,
      { share, why: `${why}; the print is ${apart} % from float64` },
    );
  }
  if (float64Steps < phaseChange) return;
  const early = exactLosses.slice(0, phaseChange / printedEvery + 1).map((exact, i) => {
    const own = valueAt(curves, "trainLoss", i * printedEvery);
    return own === undefined ? undefined : Math.abs(own / exact - 1);
  });
  yield claim(
    "losses-in-float64",
    `largest relative distance from PyTorch's losses in float64 up to step ${phaseChange}`,
    retrained,
    1e-6,
    early.includes(undefined) ? undefined : Math.max(...(early as number[])),
    { atMost: "rounding in float64; the reference has ten digits" },
  );
}
