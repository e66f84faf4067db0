/** The part of the article about training: curves, and the notebook's animation. */

import { animation, type LineSeries, lines, type Mark, markup } from "../../figures/index.ts";
import { type Curves, firstStep, lastOf } from "../shared/curves.ts";
import { count, number, percent } from "../shared/words.ts";
import type { ReportFigure, ReportSection } from "../study.ts";
import type { History } from "./results.ts";

export function trainingSection(curves: Curves, vocab: number): ReportSection {
  const marks = milestones(curves);
  return {
    title: "Memorise first, understand later",
    prose: [story(curves, vocab)],
    figures: [
      {
        id: "loss",
        title: "Loss during training",
        see: `Mean cross-entropy in nats. The training loss falls early and then waits on a plateau, where the test loss is worst; both fall together to ${number(lastOf(curves.trainLoss))} and ${number(lastOf(curves.testLoss))}.`,
        figure: lines({
          x: curves.step,
          series: pair(curves.trainLoss, curves.testLoss),
          xLabel: "step",
          yLabel: "loss (nats)",
          logY: true,
          markers: marks,
        }),
      },
      {
        id: "accuracy",
        title: "Accuracy during training",
        see: `The share of sequences answered correctly: at the end ${percent(lastOf(curves.trainAccuracy))} of those trained on and ${percent(lastOf(curves.testAccuracy))} of the others.`,
        figure: lines({
          x: curves.step,
          series: pair(curves.trainAccuracy, curves.testAccuracy),
          xLabel: "step",
          yLabel: "accuracy",
          markers: marks,
        }),
      },
    ],
  };
}

function pair(train: readonly number[], test: readonly number[]): LineSeries[] {
  return [
    { name: "train", y: train },
    { name: "test", y: test },
  ];
}

function allRight(curves: Curves, part: "trainAccuracy" | "testAccuracy"): number | undefined {
  return firstStep(curves, part, (accuracy) => accuracy === 1);
}

function milestones(curves: Curves): Mark[] {
  const named = [
    ["train all right", allRight(curves, "trainAccuracy")],
    ["test all right", allRight(curves, "testAccuracy")],
  ] as const;
  return named.flatMap(([label, value]) => (value === undefined ? [] : [{ value, label }]));
}

function story(curves: Curves, vocab: number): string {
  const peak = Math.max(...curves.testLoss);
  const worst = firstStep(curves, "testLoss", (loss) => loss === peak) ?? 0;
  const memorised = allRight(curves, "trainAccuracy");
  const grokked = allRight(curves, "testAccuracy");
  const plateau = `The training set holds the hardest sequences, whose two largest numbers are neighbours. The test loss is worst at step ${count(worst)}, ${number(peak)} nats; guessing among ${vocab} answers costs ${number(Math.log(vocab))}.`;
  const memory =
    memorised === undefined
      ? " The model never answers all training sequences correctly."
      : ` At step ${count(memorised)} it answers all training sequences correctly.`;
  const end =
    grokked === undefined
      ? ` By the last step, ${count(lastOf(curves.step))}, it still errs on sequences it never saw: test accuracy is ${percent(lastOf(curves.testAccuracy))}.`
      : ` At step ${count(grokked)} it makes no mistake on sequences it never saw either.`;
  return plateau + memory + end;
}

/** Seed 004's animation: attention scores, losses, accuracies at every checkpoint. */
export function animationSection(curves: Curves, history: History): ReportSection {
  return {
    title: "Attention takes shape as the losses fall",
    prose: [
      `The score that "=" gives each number, beside the curves up to the same step, at ${count(history.steps.length)} checkpoints. The scales stay the same in all of them.`,
      `${sawtooth(curves, history)} ${lastUnsorted(history)}`,
    ],
    figures: [
      {
        id: "animation",
        title: "Attention scores, losses and accuracies over training",
        see: `Press play, or drag the slider. From the lowest to the highest score it is ${number(reach(history, 0))} at first and ${number(reach(history, history.steps.length - 1))} at the end.`,
        figure: animated(curves, history),
      },
      squaredWeightsFigure(history),
    ],
  };
}

/** The scores at the last checkpoint up to the worst test loss. */
function sawtooth(curves: Curves, { steps, qkViolations }: History): string {
  const worst = curves.step[curves.testLoss.indexOf(Math.max(...curves.testLoss))] ?? 0;
  const at = steps.findLastIndex((step) => step <= worst);
  const falls = qkViolations[at] as number;
  if (falls === 0)
    return `At step ${count(steps[at] as number)}, when the test loss is worst, the scores already increase.`;
  return `At step ${count(steps[at] as number)}, when the test loss is worst, the scores still fall ${falls} time${falls === 1 ? "" : "s"} from a number to the next; there the model attends to the smaller one.`;
}

function lastUnsorted({ steps, qkViolations }: History): string {
  const last = qkViolations.findLastIndex((found) => found > 0);
  if (last < 0) return "The scores increase with the number in all of them.";
  if (last === steps.length - 1)
    return "In the last one, the scores do not yet increase everywhere.";
  return `From step ${count(steps[last + 1] as number)} on, the scores increase from every number to the next.`;
}

/** Highest less lowest score at a checkpoint. */
function reach({ scores }: History, checkpoint: number): number {
  const width = scores.shape[1] as number;
  const row = scores.data.subarray(checkpoint * width, (checkpoint + 1) * width);
  return Math.max(...row) - Math.min(...row);
}

function animated(curves: Curves, { steps, scores }: History): ReportFigure["figure"] {
  const vocab = scores.shape[1] as number;
  const until = steps.map((step) => curves.step.filter((logged) => logged <= step).length);
  const places = Float32Array.from(curves.step);
  const growing = (name: string, values: readonly number[]) => {
    const all = Float32Array.from(values);
    const frames = until.map((end) => ({ x: places.slice(0, end), y: all.slice(0, end) }));
    return { name, frames };
  };
  const rows = Float32Array.from(scores.data);
  return animation({
    frames: steps,
    columns: 1,
    panelHeight: 240,
    frameMs: 100,
    panels: [
      {
        kind: "lines",
        title: "attention score of each number",
        xLabel: "number",
        yLabel: "score",
        moving: [
          {
            name: markup`(E + P)<sub>=</sub> Q K<sup>T</sup> (E + P)<sup>T</sup>`,
            color: 2,
            frames: steps.map((_, i) => ({ y: rows.slice(i * vocab, (i + 1) * vocab) })),
          },
        ],
      },
      {
        kind: "lines",
        title: "loss",
        xLabel: "step",
        yLabel: "nats",
        moving: [growing("train loss", curves.trainLoss), growing("test loss", curves.testLoss)],
      },
      {
        kind: "lines",
        title: "accuracy",
        xLabel: "step",
        yLabel: "share right",
        moving: [
          { ...growing("train accuracy", curves.trainAccuracy), color: 0 },
          { ...growing("test accuracy", curves.testAccuracy), color: 1 },
        ],
      },
    ],
  });
}

function squaredWeightsFigure({ steps, squaredWeights }: History): ReportFigure {
  const peak = Math.max(...squaredWeights);
  const at = steps[squaredWeights.indexOf(peak)] as number;
  return {
    id: "squared-weights",
    title: "Sum of the squares of all weights",
    see: `It is largest at step ${count(at)}, ${number(peak)}, and ends at ${number(lastOf(squaredWeights))}. Weight decay pulls it down all along, so of two ways to answer it favours the one that needs less.`,
    figure: lines({
      x: steps,
      series: [{ name: "sum of squares", y: squaredWeights }],
      xLabel: "step",
      yLabel: "sum of squares",
    }),
  };
}
