/** The parts of the article about data and training. */

import {
  type Block,
  behavior,
  claim,
  count,
  figure,
  number,
  percent,
  prose,
  section,
} from "../../article/index.ts";
import { bars, lineFacets, lines } from "../../figures/index.ts";
import { type Curves, curvesOf, lastOf } from "../../lab/index.ts";
import { skipTrigramTokens } from "../../tasks/index.ts";
import type { MetricsRow } from "../../train/index.ts";
import { type DrawnSets, mean } from "./measure.ts";
import type { SkipTrigramStudyParams } from "./params.ts";
import { printedEpochs, updatesPerEpoch } from "./plan.ts";
import { printedLog, printedScale } from "./printed.ts";
import { notebook, recomputed } from "./sources.ts";

/** Loss of guessing among the labels of noise. */
export const lnLabels: number = Math.log(skipTrigramTokens);

/** A loss with as many digits as it takes to tell it from the best. */
export function nats(loss: number): string {
  return loss >= 0.1 ? loss.toFixed(3) : number(loss);
}

/** The best that knowing the rule can give: accuracy, and loss in nats. */
export function bestOf({ oneIn }: Pick<SkipTrigramStudyParams, "oneIn">) {
  const noise = 1 - 1 / oneIn;
  return { accuracy: 1 - noise + noise / skipTrigramTokens, loss: noise * lnLabels };
}

export function* dataSection(
  { oneIn }: SkipTrigramStudyParams,
  { first, signalLabels, noiseLabels }: DrawnSets,
): Generator<Block> {
  const shown = first.map(({ tokens, label }) => `\`${tokens.join(" ")}\` → ${label}`).join(", ");
  const total = (labels: readonly number[]) => count(labels.reduce((sum, one) => sum + one, 0));
  yield section("The data");
  yield prose(
    `One sequence in ${oneIn} is signal: it ends in 0, and its first number and the last but one, each of 1 … 4, decide the answer. The others end in a filler and have a random label. The training set has ${total(signalLabels)} of signal and ${total(noiseLabels)} of noise; it begins ${shown}.`,
  );
  yield figure(
    "labels",
    "Labels of the training set",
    "Signal labels 0, 4, 7 and 9 belong to equal pairs, which are drawn half as often as the others, in either order. Noise has eleven labels, all alike.",
    bars({
      categories: signalLabels.map((_, label) => label),
      series: [
        { name: "signal", values: signalLabels },
        { name: "noise", values: noiseLabels },
      ],
      xLabel: "label",
      yLabel: "sequences",
    }),
  );
}

export function* dataClaims({ testLabels, testSignal }: DrawnSets): Generator<Block> {
  yield claim(
    "test-labels",
    "how often each label occurs in the validation set",
    recomputed,
    [85, 107, 99, 102, 78, 112, 111, 80, 107, 63, 56],
    testLabels,
  );
  yield claim("test-signal", "signal sequences in the validation set", recomputed, 499, testSignal);
}

/** The first epochs as the notebook counts them: training before each update, test after the epoch. */
export interface EpochTable {
  readonly epoch: readonly number[];
  readonly trainLoss: readonly number[];
  readonly trainAccuracy: readonly number[];
  readonly testLoss: readonly number[];
  readonly testAccuracy: readonly number[];
}

/** The epochs of which every batch was logged, at most the 60 of the notebook. */
export function epochTable({ rows }: Pick<Curves, "rows">, perEpoch: number): EpochTable {
  const byStep = new Map(rows.map((row) => [row.step, row]));
  const table = Array.from({ length: printedEpochs }, (_, i) => {
    const batches = Array.from({ length: perEpoch }, (_, k) => byStep.get(i * perEpoch + k));
    const after = byStep.get((i + 1) * perEpoch);
    if (after === undefined || batches.includes(undefined)) return [];
    const own = batches as MetricsRow[];
    return [
      {
        epoch: i + 1,
        trainLoss: mean(own.map((row) => row.trainLoss)),
        trainAccuracy: mean(own.map((row) => row.trainAccuracy)),
        testLoss: after.testLoss,
        testAccuracy: after.testAccuracy,
      },
    ];
  }).flat();
  const column = (name: keyof EpochTable) => table.map((row) => row[name]);
  return {
    epoch: column("epoch"),
    trainLoss: column("trainLoss"),
    trainAccuracy: column("trainAccuracy"),
    testLoss: column("testLoss"),
    testAccuracy: column("testAccuracy"),
  };
}

/** `asPrinted`: the notebook's parameters, so that its numbers stand beside. */
export function* trainingSection(
  params: SkipTrigramStudyParams,
  curves: Curves,
  asPrinted: boolean,
): Generator<Block> {
  const perEpoch = updatesPerEpoch(params);
  const logged = curvesOf(curves.rows.filter(({ step }) => step % perEpoch === 0));
  const column = (name: string) => logged.rows.map((row) => row[name] ?? Number.NaN);
  const [signalLoss, noiseLoss] = [column("testSignalLoss"), column("testNoiseLoss")];
  const signalAccuracy = column("testSignalAccuracy");
  const reached = signalAccuracy.indexOf(1);
  const above = noiseLoss.filter((loss) => loss > lnLabels).length;
  const noisy = params.oneIn > 1;
  const best = bestOf(params);
  yield section("Training");
  yield prose(
    `Of the test set, signal costs ${nats(lastOf(signalLoss))} nats after the last epoch. `,
    noisy
      ? `Noise costs ${nats(lastOf(noiseLoss))}, where ln 11 = ${nats(lnLabels)} is the least that it can cost on average; it costs more at ${count(above)} of ${count(noiseLoss.length)} logged epochs. `
      : "",
    behavior(
      "test-signal-learned",
      reached >= 0,
      `The signal of the test set is all right at epoch ${count(reached)} for the first time.`,
      `The signal of the test set is not all right at any logged epoch; at the last ${percent(lastOf(signalAccuracy))} of it.`,
    ),
  );
  const table = epochTable(curves, perEpoch);
  if (table.epoch.length > 0) yield epochsFigure(params, table, asPrinted);
  const x = logged.step.map((step) => step / perEpoch);
  yield figure(
    "loss-parts",
    "Test loss of signal and of noise",
    `After each epoch. The lines: the best on noise, ln 11, and overall, ${nats(best.loss)}.`,
    lines({
      ...{ x, xLabel: "epoch", yLabel: "loss (nats)" },
      series: parts(signalLoss, noisy ? noiseLoss : [], logged.testLoss),
      references: [
        { value: lnLabels, label: "ln 11" },
        { value: best.loss, label: "best overall" },
      ],
    }),
  );
  yield figure(
    "accuracy-parts",
    "Test accuracy on signal and on noise",
    `After each epoch. The line: the best overall, ${number(best.accuracy)}. On the noise of one small test set a model can be somewhat above or below 1/11 by luck.`,
    lines({
      ...{ x, xLabel: "epoch", yLabel: "accuracy" },
      series: parts(signalAccuracy, noisy ? column("testNoiseAccuracy") : [], logged.testAccuracy),
      references: [{ value: best.accuracy, label: "best overall" }],
    }),
  );
}

function parts(signal: readonly number[], noise: readonly number[], all: readonly number[]) {
  return [
    { name: "signal", y: signal },
    ...(noise.length === 0 ? [] : [{ name: "noise", y: noise }]),
    { name: "all", y: all, dash: "dash" as const },
  ];
}

/** The notebook's losses as true means: it divides by the wrong numbers. */
function printedMeans(params: SkipTrigramStudyParams) {
  const { trainCount, testCount } = params;
  const batches = updatesPerEpoch(params);
  return {
    trainLoss: printedLog.trainLoss.map((x) => (x * trainCount) / (printedScale * batches)),
    testLoss: printedLog.testLoss.map((x) => (x * testCount) / printedScale),
  };
}

/** The notebook's four charts. */
function epochsFigure(
  params: SkipTrigramStudyParams,
  table: EpochTable,
  asPrinted: boolean,
): Block {
  const printed = { ...printedLog, ...printedMeans(params) };
  const panel = (title: string, part: Exclude<keyof EpochTable, "epoch">) => ({
    title,
    series: [
      { name: "here", y: table[part], color: 0 },
      ...(asPrinted
        ? [{ name: "printed in the notebook", y: printed[part], faint: true, color: 1 }]
        : []),
    ],
  });
  return figure(
    "printed-epochs",
    asPrinted ? "The first epochs, beside the notebook's" : "The first epochs",
    `Training before each update, test after the epoch.${asPrinted ? " Losses are true means here; the notebook's, which it divides wrongly, are put on the same scale." : ""}`,
    lineFacets({
      panels: [
        panel("train loss (nats)", "trainLoss"),
        panel("train accuracy", "trainAccuracy"),
        panel("test loss (nats)", "testLoss"),
        panel("test accuracy", "testAccuracy"),
      ],
      columns: 2,
      x: table.epoch,
      xLabel: "epoch",
      shareY: false,
    }),
  );
}

/** The 60 printed rows: how far the furthest is. */
export function* logClaims(params: SkipTrigramStudyParams, curves: Curves): Generator<Block> {
  const table = epochTable(curves, updatesPerEpoch(params));
  const means = printedMeans(params);
  const furthest = (own: readonly number[], theirs: readonly number[], apart: typeof difference) =>
    Math.max(...theirs.map((x, i) => apart(own[i] ?? Number.NaN, x)));
  for (const [part, size] of [
    ["train", params.trainCount],
    ["test", params.testCount],
  ] as const) {
    const own = table[`${part}Accuracy`];
    const examples = furthest(own, printedLog[`${part}Accuracy`], difference) * size;
    yield claim(
      `printed-${part}-accuracy`,
      `60 printed ${part} accuracies: examples by which the furthest differs`,
      notebook("cell 155"),
      0,
      Math.round(examples),
      {
        within: 2,
        why: "examples at a tie, which other rounding may flip; PyTorch here and native with one and two threads flip none",
      },
    );
    yield claim(
      `printed-${part}-loss`,
      `60 printed ${part} losses: largest relative difference, divided as the notebook does`,
      notebook("cell 155"),
      0,
      furthest(table[`${part}Loss`], means[`${part}Loss`], relative),
      {
        within: 1e-6,
        why: "float32 rounding over 600 updates; native with one and two threads is 1.4 × 10⁻⁷ off",
      },
    );
  }
}

function difference(own: number, printed: number): number {
  return Math.abs(own - printed);
}

function relative(own: number, printed: number): number {
  return Math.abs(own / printed - 1);
}
