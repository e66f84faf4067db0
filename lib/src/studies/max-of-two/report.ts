import { heatmap, lines, markup, scatter, type Text } from "../../figures/index.ts";
import { count, number } from "../shared/words.ts";
import type { ReportSection } from "../study.ts";
import type { MaxOfTwoParams } from "./params.ts";
import type { Reading } from "./reading.ts";
import { exactPercent, proofSection } from "./report-proofs.ts";
import { animationSection, trainingSection } from "./report-training.ts";
import type { MaxOfTwoResults, Proofs } from "./results.ts";

export function report(
  params: MaxOfTwoParams,
  { curves, reading, proofs, history }: MaxOfTwoResults,
): ReportSection[] {
  return [
    summary(params, reading, proofs),
    ...(curves.step.length > 0 ? [trainingSection(curves, params.vocab)] : []),
    attentionSection(reading),
    copyingSection(reading),
    irrelevantSection(reading),
    ...(history === null || curves.step.length === 0 ? [] : [animationSection(curves, history)]),
    proofSection(proofs, curves, history),
  ];
}

function summary(
  { n }: MaxOfTwoParams,
  { summary: read, qk }: Reading,
  { bruteForce, subcubic }: Proofs,
): ReportSection {
  const sorted = read.qkViolations === 0 ? "strictly increases" : "does not yet always increase";
  return {
    title: "In short",
    prose: [
      `A transformer of one attention head reads ${n} numbers and "=", and answers the largest. It works as one would write it by hand: the attention that "=" pays to a number ${sorted} with the number, and what is attended to is copied to the answer (${read.diagonalRows} of ${qk.length} numbers raise their own logit most).`,
      `Because that is all it does, its accuracy can be proved without running it: a proof of ${count(subcubic.flop)} operations vouches for ${exactPercent(subcubic.accuracy)} of all sequences${bruteForce === null ? "" : `, where running them takes ${count(bruteForce.flop)}`}.`,
    ],
    figures: [],
  };
}

function attentionSection({ qk, positionQk, summary: read }: Reading): ReportSection {
  return {
    title: "It attends to the larger number",
    prose: [
      `Scores before the softmax, not divided by √d. The difference of two scores decides how attention is shared: ${qk.length - 1 - read.qkViolations} of the ${qk.length - 1} steps from one number to the next go up.`,
    ],
    figures: [
      {
        id: "qk",
        title: "Attention score of each number",
        see: `Relative to the score of "=" with itself, averaged over positions. From ${number(qk[0] ?? 0)} for 0 to ${number(qk.at(-1) ?? 0)} for ${qk.length - 1}.`,
        figure: lines({
          series: [{ name: "QK", y: qk }],
          xLabel: "input token",
          yLabel: "attention score before softmax",
        }),
      },
      {
        id: "qk-position",
        title: "What the position adds to the score",
        see: `Less the mean over positions. At most ${number(Math.max(...positionQk.map(Math.abs)))}: which number comes first does not matter.`,
        figure: scatter({
          groups: [{ name: "QK", x: positionQk.map((_, pos) => pos), y: positionQk }],
          xLabel: "position",
          yLabel: "attention score before softmax",
          height: 320,
        }),
      },
    ],
  };
}

function copyingSection({ ov, ovCentred, summary: read }: Reading): ReportSection {
  const axes = { xLabel: "output logit token", yLabel: "input token", valueLabel: "logit" };
  return {
    title: "It copies what it attends to",
    prose: [
      `Each row: what a number adds to the ${ov.shape[1]} logits when all attention is on it. In ${read.diagonalRows} of ${ov.shape[0]} rows the largest entry is the number itself; the smallest margin to another is ${number(read.diagonalMargin)}.`,
    ],
    figures: [
      {
        id: "ov-centred",
        title: "Logits written by attention, less that of the number itself",
        see: `Dark is 0, the number's own logit. The largest entry beside the diagonal is ${number(-read.diagonalMargin)}: ${read.diagonalMargin > 0 ? "no other answer is raised as much as the number itself" : "another answer is raised more than the number itself"}.`,
        figure: heatmap({ z: ovCentred, ...axes, sequential: true }),
      },
      {
        id: "ov",
        title: "Logits written by attention",
        see: "The same, not centred: the diagonal stands out of rows that raise and lower other answers without order.",
        figure: heatmap({ z: ov, ...axes }),
      },
    ],
  };
}

function irrelevantSection({ irrelevant, summary: read }: Reading): ReportSection {
  const tokens = irrelevant.direct.map((_, token) => token);
  const drawn = (groups: readonly { name: Text; y: readonly number[] }[]) =>
    scatter({
      groups: groups.map(({ name, y }) => ({ name, x: tokens, y })),
      xLabel: "output logit token",
      yLabel: "logit",
    });
  const positions = irrelevant.positions.map((y, pos) => ({
    name: markup`(P<sub>${pos}</sub> − mean P) V O U`,
    y,
  }));
  const most = Math.max(...irrelevant.positions.flat().map(Math.abs));
  const own = Math.max(...irrelevant.self.map(Math.abs));
  return {
    title: "What should not matter",
    prose: [
      "A model that only attends and copies has no use for these. They must stay below the margin of copying for the answer to be right whatever they are.",
    ],
    figures: [
      {
        id: "irrelevant",
        title: "Contributions that do not depend on the numbers",
        see: `The direct path of "=" spans ${number(read.directRange)} from the lowest to the highest logit; which position a number stands at changes a logit by at most ${number(most)}.`,
        figure: drawn([
          { name: markup`(E + P)<sub>=</sub> U`, y: irrelevant.direct },
          ...positions,
        ]),
      },
      {
        id: "irrelevant-self",
        title: 'What "=" writes when it attends to itself',
        see: `Up to ${number(own)}, times the attention that "=" pays to itself: ${exactPercent(read.mostSelfAttention)} when all numbers are the one that scores least, and less otherwise.`,
        figure: drawn([{ name: markup`(E + P)<sub>=</sub> V O U`, y: irrelevant.self }]),
      },
    ],
  };
}
