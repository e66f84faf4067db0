import { bars, lineFacets, lines } from "../../figures/index.ts";
import { count, number, percent } from "../shared/words.ts";
import type { ReportFigure, ReportSection } from "../study.ts";
import type { SkipTrigramStudyParams } from "./params.ts";
import { printedLog, printedScale } from "./printed.ts";
import { answersSection, circuitsSection, sequenceSection } from "./report-heads.ts";
import type { DataSummary, SkipTrigramResults } from "./results.ts";

export function report(
  params: SkipTrigramStudyParams,
  results: SkipTrigramResults,
): ReportSection[] {
  const { data, curves, printed, final } = results;
  return [
    summary(params, results),
    dataSection(params, data),
    ...(curves.step.length > 0 ? [trainingSection(params, results)] : []),
    ...(printed?.sequence ? [sequenceSection("After 60 epochs", "printed", printed.sequence)] : []),
    ...(final.sequence ? [sequenceSection("At the end", "final", final.sequence)] : []),
    circuitsSection(final.circuits),
    answersSection(final.signal),
  ];
}

function summary(
  params: SkipTrigramStudyParams,
  { fresh, final }: SkipTrigramResults,
): ReportSection {
  const { all, signal, noise, best } = fresh;
  return {
    title: "In short",
    prose: [
      `${params.nHeads} attention heads of width one, with one-hot embedding and unembedding, learn to answer \`a … b 0\` by a table of ten pairs. On ${count(all.count)} new sequences they answer ${percent(signal.accuracy)} of the signal and ${percent(noise.accuracy)} of the noise, ${number(all.accuracy)} overall, where the rule gives at best ${number(best.accuracy)}; the cross-entropy is ${number(all.loss)} nats, where it gives at best ${number(best.loss)}.`,
      `Signal alone costs ${number(signal.loss)} nats, noise ${number(noise.loss)}, at least ln 11 = ${number(Math.log(11))}. Of all signal sequences, each taken once, ${percent(final.signal.accuracy)} are right.`,
    ],
    figures: [],
  };
}

function dataSection({ oneIn }: SkipTrigramStudyParams, data: DataSummary): ReportSection {
  const answers = data.signalLabels.map((_, k) => k);
  const shown = data.first
    .slice(0, 4)
    .map(({ tokens, label }) => `\`${tokens.join(" ")}\` → ${label}`)
    .join(", ");
  return {
    title: "The data",
    prose: [
      `One sequence in ${oneIn} is signal: it ends in 0, and its first number and the last but one, each of 1 … 4, decide the answer. The others end in a filler and have a random label. The first training sequences: ${shown}.`,
    ],
    figures: [
      {
        id: "labels",
        title: "Labels of the training set",
        see: "Signal labels 0, 4, 7 and 9 belong to equal pairs, which are drawn half as often as the others, in either order. Noise has eleven labels, all alike.",
        figure: bars({
          categories: answers,
          series: [
            { name: "signal", values: data.signalLabels },
            { name: "noise", values: data.noiseLabels },
          ],
          xLabel: "label",
          yLabel: "sequences",
        }),
      },
    ],
  };
}

function trainingSection(
  params: SkipTrigramStudyParams,
  { epochs, curves, fresh }: SkipTrigramResults,
): ReportSection {
  const perEpoch = (curves.step[1] as number) - (curves.step[0] as number);
  const reached = curves.signalAccuracy.indexOf(1);
  const when =
    reached < 0
      ? "The signal of the test set is not all right by the end."
      : `The signal of the test set is all right from epoch ${count(reached)} on.`;
  return {
    title: "Training",
    prose: [
      `The loss of signal falls to zero; that of noise stays at ln 11, and for a while above it, because a model that has not learned the rule yet answers noise with too much confidence. ${when}`,
    ],
    figures: [
      ...(epochs.epoch.length > 0 ? [printedFigure(params, epochs)] : []),
      partFigure("loss-parts", "Test loss of signal and of noise", "loss (nats)", {
        see: `After each epoch. Dashed: the best on noise, ln 11, and overall, ${number(fresh.best.loss)}.`,
        x: curves.step.map((step) => step / perEpoch),
        signal: curves.signalLoss,
        noise: curves.noiseLoss,
        all: curves.testLoss,
        references: [
          { value: Math.log(11), label: "ln 11" },
          { value: fresh.best.loss, label: "best overall" },
        ],
      }),
      partFigure("accuracy-parts", "Test accuracy on signal and on noise", "accuracy", {
        see: `After each epoch. Dashed: the best overall, ${number(fresh.best.accuracy)}. On the noise of one small test set a model can be somewhat above or below 1/11 by luck.`,
        x: curves.step.map((step) => step / perEpoch),
        signal: curves.signalAccuracy,
        noise: curves.noiseAccuracy,
        all: curves.testAccuracy,
        references: [{ value: fresh.best.accuracy, label: "best overall" }],
      }),
    ],
  };
}

interface Parts {
  readonly see: string;
  readonly x: readonly number[];
  readonly signal: readonly number[];
  readonly noise: readonly number[];
  readonly all: readonly number[];
  readonly references: readonly { readonly value: number; readonly label: string }[];
}

function partFigure(id: string, title: string, yLabel: string, parts: Parts): ReportFigure {
  return {
    id,
    title,
    see: parts.see,
    figure: lines({
      x: parts.x,
      series: [
        { name: "signal", y: parts.signal },
        { name: "noise", y: parts.noise },
        { name: "all", y: parts.all, dash: "dash" },
      ],
      xLabel: "epoch",
      yLabel,
      references: parts.references,
    }),
  };
}

/** The notebook's four charts, with its own numbers where they can be compared. */
function printedFigure(
  { trainCount, testCount, batchSize }: SkipTrigramStudyParams,
  epochs: SkipTrigramResults["epochs"],
): ReportFigure {
  const shown = epochs.epoch.length;
  const panel = (title: string, own: readonly number[], theirs: readonly number[]) => ({
    title,
    series: [
      { name: "here", y: own, color: 0 },
      { name: "printed in seed 002", y: theirs.slice(0, shown), faint: true, color: 1 },
    ],
  });
  const batches = Math.floor(trainCount / batchSize);
  const trainLoss = printedLog.trainLoss.map((x) => (x * trainCount) / (printedScale * batches));
  const testLoss = printedLog.testLoss.map((x) => (x * testCount) / printedScale);
  return {
    id: "printed-epochs",
    title: "The first epochs, beside the notebook's",
    see: "Losses are true means here; the notebook's, which it divides wrongly, are put on the same scale. With the default parameters the two lie on each other.",
    figure: lineFacets({
      panels: [
        panel("train loss (nats)", epochs.trainLoss, trainLoss),
        panel("train accuracy", epochs.trainAccuracy, printedLog.trainAccuracy),
        panel("test loss (nats)", epochs.testLoss, testLoss),
        panel("test accuracy", epochs.testAccuracy, printedLog.testAccuracy),
      ],
      columns: 2,
      x: epochs.epoch,
      xLabel: "epoch",
      shareY: false,
    }),
  };
}
