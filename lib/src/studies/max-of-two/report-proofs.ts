/** The part of the article about compact proofs. */

import type { AccuracyBound } from "../../analysis/index.ts";
import { bars, lines, scatter } from "../../figures/index.ts";
import type { Curves } from "../shared/curves.ts";
import { count } from "../shared/words.ts";
import type { ReportFigure, ReportSection } from "../study.ts";
import type { History, Proofs } from "./results.ts";

const names: { readonly [P in keyof Proofs]: string } = {
  bruteForce: "brute force",
  cubic: "cubic",
  subcubic: "sub-cubic",
};

/** A share of sequences as "99.962 %": one digit more would not be read, one less hides errors. */
export function exactPercent(share: number): string {
  return `${Number((100 * share).toFixed(3))} %`;
}

/** What each proof promises, and at what price; `how` says what they look at. */
export function proofProse(proofs: Proofs, how: string): string[] {
  const { total } = proofs.cubic;
  const each = present(proofs).map(
    ([name, { correct, accuracy, flop }]) =>
      `${name}, ${count(correct)} sequences (${exactPercent(accuracy)}) for ${count(flop)} operations`,
  );
  return [
    `How much of this understanding can be *proved*? Running all ${count(total)} sequences proves the accuracy itself. A compact proof groups sequences and bounds every group at its worst: the better one understands the model, the less a short proof gives away (Gross et al. 2024). ${how}`,
    `Counted where the arithmetic is done, tables included: ${each.join("; ")}.`,
  ];
}

function present(proofs: Proofs): (readonly [string, AccuracyBound])[] {
  const kinds = Object.keys(names) as (keyof Proofs)[];
  return kinds.flatMap((kind) => {
    const bound = proofs[kind];
    return bound === null ? [] : [[names[kind], bound] as const];
  });
}

export function proofSection(
  proofs: Proofs,
  curves: Curves,
  history: History | null,
): ReportSection {
  return {
    title: "A proof that is shorter than running the model",
    prose: proofProse(
      proofs,
      "The cubic proof goes through every largest number beside every smaller one and compares all answers; for two numbers, running the model is cubic too. The sub-cubic proof looks at each number alone, for the worst wrong answer it could support.",
    ),
    figures: [priceFigure(proofs), ...(history === null ? [] : [boundsFigure(curves, history)])],
  };
}

function priceFigure(proofs: Proofs): ReportFigure {
  const all = present(proofs);
  return {
    id: "proof-price",
    title: "What each proof costs",
    see: `Floating-point operations; in brackets the share of sequences vouched for. ${comparison(proofs)}`,
    figure: bars({
      categories: all.map(([name, { accuracy }]) => `${name} (${exactPercent(accuracy)})`),
      series: [{ name: "operations", values: all.map(([, { flop }]) => flop) }],
      yLabel: "operations",
      height: 340,
    }),
  };
}

function comparison({ bruteForce, subcubic }: Proofs): string {
  if (bruteForce === null) return "There are too many sequences to run them all.";
  const share = exactPercent(subcubic.flop / bruteForce.flop);
  return `The sub-cubic proof takes ${share} of the operations of brute force, and leaves ${count(bruteForce.correct - subcubic.correct)} right answers unproved.`;
}

/** Accuracy proved over cost: for proofs that give something away. */
export function costFigure(proofs: Proofs): ReportFigure {
  return {
    id: "proof-cost",
    title: "What each proof promises, and what it costs",
    see: "To the left is shorter, up is better. Brute force stands at the accuracy itself; no proof can stand above it.",
    figure: scatter({
      groups: present(proofs).map(([name, { accuracy, flop }]) => ({
        name: `${name}: ${exactPercent(accuracy)}`,
        x: [flop],
        y: [accuracy],
      })),
      logX: true,
      xLabel: "floating-point operations",
      yLabel: "accuracy proved",
    }),
  };
}

function boundsFigure(curves: Curves, { steps, accuracy, cubic, subcubic }: History): ReportFigure {
  const complete = steps.find((_, i) => subcubic[i] === 1);
  const when =
    complete === undefined
      ? "The sub-cubic proof never covers all sequences."
      : `From step ${count(complete)} on, it covers all sequences.`;
  const truth =
    accuracy === null
      ? { name: "test accuracy", x: curves.step, y: curves.testAccuracy, faint: true }
      : { name: "accuracy", x: steps, y: accuracy, faint: true };
  const gaps = (accuracy ?? []).map((share, i) => share - (subcubic[i] as number));
  const widest = Math.max(...gaps);
  const where =
    accuracy === null
      ? ""
      : `The sub-cubic bound is furthest behind at step ${count(steps[gaps.indexOf(widest)] as number)}, by ${exactPercent(widest)} of the sequences. `;
  return {
    id: "bounds-over-training",
    title: "What can be proved during training",
    see: `Share of all sequences that are answered correctly, and that each proof vouches for. ${where}${when}`,
    figure: lines({
      series: [
        truth,
        { name: "cubic bound", x: steps, y: cubic },
        { name: "sub-cubic bound", x: steps, y: subcubic },
      ],
      xLabel: "step",
      yLabel: "share of sequences",
    }),
  };
}
