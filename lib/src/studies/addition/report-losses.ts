/** The part of the article about training: every loss, by digit and by case. */

import { type LineSeries, lineFacets, lines } from "../../figures/index.ts";
import { type DigitCase, digitCases } from "../../tasks/index.ts";
import { count, list, number, percent } from "../shared/words.ts";
import type { ReportFigure, ReportSection } from "../study.ts";
import type { AdditionStudyParams } from "./params.ts";
import { type Phase, phaseLoss } from "./phases.ts";
import { printedEvery, printedLosses } from "./printed.ts";
import type { LossCurves } from "./results.ts";

/** Means are over so many steps, drawn every few steps. */
const window = 25;
const drawnEvery = 5;

export function lossSections(
  params: AdditionStudyParams,
  curves: LossCurves,
  phases: readonly Phase[],
): ReportSection[] {
  return [training(params, curves), byCase(params, curves), byDigit(curves, phases)];
}

/** A curve as running means; nothing where a column was never logged. */
function smooth(
  { step }: LossCurves,
  values: ArrayLike<number> | undefined,
  name: string,
  color: number,
): LineSeries[] {
  if (values === undefined) return [];
  const x: number[] = [];
  const y: number[] = [];
  const recent: number[] = [];
  for (let i = 0; i < step.length; i++) {
    const value = values[i] as number;
    if (!Number.isNaN(value)) recent.push(value);
    if (recent.length > window) recent.shift();
    if (recent.length === 0 || i % drawnEvery !== 0) continue;
    x.push(step[i] as number);
    y.push(recent.reduce((a, b) => a + b, 0) / recent.length);
  }
  return [{ name, x, y, color }];
}

function training(params: AdditionStudyParams, curves: LossCurves): ReportSection {
  const { step, trainLoss, testLoss, digits } = curves;
  const finite = params.data === "finite";
  const printed: LineSeries[] = finite
    ? []
    : [
        {
          name: "printed in seed 001",
          x: printedLosses.map((_, i) => i * printedEvery),
          y: [...printedLosses],
          points: "only",
          color: 1,
        },
      ];
  const colors = digits.length;
  return {
    title: "Training",
    prose: [
      `${finite ? `${count(params.trainCount)} questions, the same at every update` : `Every update has ${count(params.batchSize)} new questions, so the loss of a batch before its update is a test loss too`}. The loss is the mean over the digits of the sum: ${number(trainLoss[0] as number)} nats at first, ${number(trainLoss.at(-1) as number)} at the end. The buttons switch the axes between linear and logarithmic.`,
      `Curves of single digits and cases are means over the last ${window} batches in which there were any.`,
    ],
    figures: [
      {
        id: "loss",
        title: "Loss of every batch",
        see: finite
          ? "Train and test loss in nats."
          : "Points: the losses that seed 001 printed, on another machine.",
        figure: lines({
          x: step,
          series: [
            { name: "train", y: trainLoss, color: 0 },
            ...(finite ? [{ name: "test", y: testLoss, color: 2 }] : []),
            ...printed,
          ],
          xLabel: "step",
          yLabel: "loss (nats)",
        }),
      },
      {
        id: "loss-digits",
        title: "Loss of each digit of the sum",
        see: `${digits[0]}, the leading carry, is 0 or 1 and starts lower; each of the other digits falls at its own time. Dashed: guessing among ten digits.`,
        figure: lines({
          series: [
            ...digits.flatMap((name, i) => smooth(curves, curves.columns[name], name, i)),
            ...smooth(curves, testLoss, "all digits", colors),
          ],
          xLabel: "step",
          yLabel: "loss (nats)",
          logY: true,
          references: [{ value: Math.log(10), label: "ln 10" }],
        }),
      },
    ],
  };
}

function byCase(params: AdditionStudyParams, curves: LossCurves): ReportSection {
  const total = Object.values(curves.cases).reduce((a, b) => a + b, 0);
  const ofAll = (one: DigitCase): string =>
    `${count(curves.cases[one] as number)} cases, ${percent((curves.cases[one] as number) / total)}`;
  const whole: [DigitCase, string, string, [string, string][]][] = [
    [
      "BaseAdd",
      "all digits",
      "Questions without any carry: the mean over their digits below the leading one.",
      [["BaseAdd.all", "all digits"]],
    ],
    [
      "UseCarry1",
      "at least one digit",
      "Questions with carries of which none passes through a nine: the mean over all digits.",
      [["UseCarry1.any", "at least one digit"]],
    ],
    [
      "UseSum9",
      "one and two digits",
      "Questions in which carries pass through exactly one nine, or two: the mean over all digits.",
      [
        ["UseSum9.one", "1 digit"],
        ["UseSum9.two", "2 digits"],
      ],
    ],
  ];
  return {
    title: "One sub-task at a time",
    prose: [
      `In the ${params.data === "finite" ? "test" : "training"} batches BaseAdd makes up ${ofAll("BaseAdd")}, UseCarry1 ${ofAll("UseCarry1")}, UseSum9 ${ofAll("UseSum9")}. No digit is in two of them.`,
    ],
    figures: whole.flatMap(([one, what, see, columns]) => [
      {
        id: `loss-${one}`.toLowerCase(),
        title: `${one}, ${what} (${ofAll(one)})`,
        see,
        figure: lines({
          series: columns.flatMap(([column, name], i) =>
            smooth(curves, curves.columns[column], name, i),
          ),
          xLabel: "step",
          yLabel: "loss (nats)",
        }),
      },
      {
        id: `loss-${one}-digits`.toLowerCase(),
        title: `${one}, digit by digit`,
        see: `Each digit in the questions where it is a case of ${one}.${one === "BaseAdd" ? "" : " The units digit never is."}`,
        figure: lines({
          series: curves.digits.flatMap((digit, i) =>
            smooth(curves, curves.columns[`${one}.${digit}`], digit, i),
          ),
          xLabel: "step",
          yLabel: "loss (nats)",
        }),
      },
    ]),
  };
}

function byDigit(curves: LossCurves, phases: readonly Phase[]): ReportSection {
  const orders = curves.digits.slice(1).map((digit) => {
    const own = digitCases.flatMap((one) => {
      const phase = phases.find(({ column }) => column === `${one}.${digit}`);
      return phase === undefined ? [] : [`${one} ${count(phase.step)}`];
    });
    return `${digit} ${own.length === 0 ? "never" : list(own)}`;
  });
  const figure = (id: string, title: string, cases: readonly DigitCase[]): ReportFigure => ({
    id,
    title,
    see: "One panel per digit, with common axes. The buttons switch to logarithmic losses.",
    figure: lineFacets({
      panels: curves.digits.slice(1).map((digit) => ({
        title: digit,
        series: cases.flatMap((one) =>
          smooth(curves, curves.columns[`${one}.${digit}`], one, digitCases.indexOf(one)),
        ),
      })),
      xLabel: "step",
      yLabel: "loss (nats)",
    }),
  });
  return {
    title: "One digit at a time",
    prose: [
      `The same curves by digit. The steps at which the running mean first falls below ${number(phaseLoss)} nats, half of ln 10: ${orders.join("; ")}.`,
    ],
    figures: [
      figure("digit-two-cases", "BaseAdd and UseCarry1 in each digit", ["BaseAdd", "UseCarry1"]),
      figure("digit-three-cases", "BaseAdd, UseCarry1 and UseSum9 in each digit", digitCases),
    ],
  };
}
