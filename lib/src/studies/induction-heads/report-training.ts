/** The part of the article about training: the fall of the loss, and which heads bring it about. */

import { lines } from "../../figures/index.ts";
import { count, list, number, percent } from "../shared/words.ts";
import type { ReportSection } from "../study.ts";
import { headName } from "./heads.ts";
import type { OpenModel } from "./open.ts";
import type { InductionHeadsParams } from "./params.ts";
import type { Training } from "./results.ts";
import { stepBelow } from "./training.ts";

export function lossSection(
  { vocabulary, steps, copyLength }: InductionHeadsParams,
  training: Training,
  { places }: OpenModel,
  published: readonly number[] | null,
): ReportSection {
  const { step, loss, copies, development } = training;
  const guess = Math.log(vocabulary - 1);
  const early = stepBelow(training, 0.9 * guess);
  const late = stepBelow(training, guess / 4);
  const fall =
    early === undefined || late === undefined
      ? "It has not fallen below a quarter of guessing by the last step."
      : `It falls slowly at first, below nine tenths of guessing at step ${count(early)}, then suddenly: below a quarter at step ${count(late)}, ${percent((late - early) / steps)} of the training later.`;
  const names = Object.keys(copies);
  const own = names.map((name, i) => ({
    name: `copy ${name.slice("copy".length)}`,
    y: copies[name] as readonly number[],
    color: i + 1,
  }));
  return {
    title: "A sudden fall",
    prose: [
      `Every batch is new, so its loss before the update is train and test loss in one. It begins at that of guessing, ${number(guess)} nats. ${fall} The last batch has ${number(loss.at(-1) ?? Number.NaN)}.`,
      "The first copy is never trained on. There the model is confidently wrong: whatever it sees, it bets on a token that has been.",
    ],
    figures: [
      {
        id: "loss",
        title: "Loss on the tokens that can be known",
        see: `All but the first token of the second and later copies. The copies are learned together.${published === null ? "" : " Dotted: the published run, in which an update sees 128 sequences, at a fifth of the learning rate."}`,
        figure: lines({
          x: step,
          series: [
            ...own,
            ...(published === null ? [] : [publishedSeries(published, steps)]),
            {
              name: "first copy (at checkpoints)",
              x: development.step,
              y: development.losses.map(({ first }) => first),
              color: 0,
              points: "with line" as const,
            },
          ],
          xLabel: "step",
          yLabel: "loss (nats)",
          references: [{ value: guess, label: `guessing, ln ${vocabulary - 1}` }],
        }),
      },
      {
        id: "places",
        title: "Loss of each token of a copy",
        see: "At the end. The first token of a copy cannot be known; from the second on, the model only has to look it up.",
        figure: lines({
          x: Array.from({ length: copyLength }, (_, i) => i + 1),
          series: Array.from({ length: places.shape[0] as number }, (_, copy) => ({
            name: `copy ${copy + 1}`,
            y: Array.from(places.data.slice(copy * copyLength, (copy + 1) * copyLength), Number),
            points: "with line" as const,
            color: copy,
          })),
          xLabel: "token of the copy",
          yLabel: "loss (nats)",
          height: 340,
        }),
      },
    ],
  };
}

/** The stored losses up to the last step of this run, every tenth. */
function publishedSeries(losses: readonly number[], steps: number) {
  const step = losses.map((_, i) => i).filter((i) => i % 10 === 0 && i <= steps);
  return {
    name: "published run",
    x: step,
    y: step.map((i) => losses[i] as number),
    faint: true,
    color: 1,
  };
}

export function developmentSection(
  { vocabulary }: InductionHeadsParams,
  training: Training,
  { previousHeads, inductionHeads }: OpenModel,
): ReportSection {
  const { development } = training;
  const half = Math.log(vocabulary - 1) / 2;
  const [, layers = 0, heads = 0] = development.previous.shape;
  const score = (kind: "previous" | "induction", at: number, layer: number, head: number): number =>
    Number(development[kind].data[(at * layers + layer) * heads + head]);
  const series = (kind: "previous" | "induction") =>
    Array.from({ length: layers * heads }, (_, i) => {
      const [layer, head] = [Math.floor(i / heads), i % heads];
      return {
        name: headName([layer, head]),
        y: development.step.map((_, at) => score(kind, at, layer, head)),
        points: "with line" as const,
      };
    });
  const reached = (kind: "previous" | "induction", [layer, head]: readonly [number, number]) => {
    const last = development.step.length - 1;
    const half = score(kind, last, layer, head) / 2;
    return development.step.find((_, at) => score(kind, at, layer, head) >= half);
  };
  const steps = (kind: "previous" | "induction", some: OpenModel["inductionHeads"]): string =>
    list([...new Set(some.map((head) => reached(kind, head) ?? Number.NaN))].map(count));
  const fall = stepBelow(training, half);
  return {
    title: "How the heads come about",
    prose: [
      `At each checkpoint, the attention of every head on what it would look at as a previous-token head and as an induction head. The previous-token ${previousHeads.length === 1 ? "head" : "heads"} ${list(previousHeads.map(headName))} first ${previousHeads.length === 1 ? "has half of its" : "have half of their"} final score at step ${steps("previous", previousHeads)}, the induction heads at step ${steps("induction", inductionHeads)}${fall === undefined ? "" : `; the loss falls through half of guessing at step ${count(fall)}`}. Neither kind lowers the loss without the other: an induction head finds a position by what a previous-token head wrote there.`,
    ],
    figures: [
      {
        id: "previous-steps",
        title: "Attention to the previous token",
        see: `Within the first copy, at each checkpoint. ${list(previousHeads.map(headName))} stand${previousHeads.length === 1 ? "s" : ""} out.`,
        figure: lines({
          x: development.step,
          series: series("previous"),
          xLabel: "step",
          yLabel: "attention",
          height: 360,
        }),
      },
      {
        id: "induction-steps",
        title: "Attention to what followed the same token before",
        see: "From later copies. The rise is the fall of the loss.",
        figure: lines({
          x: development.step,
          series: series("induction"),
          xLabel: "step",
          yLabel: "attention",
          height: 360,
        }),
      },
    ],
  };
}
