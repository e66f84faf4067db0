import type { Claim } from "../../core/claim.ts";
import type { NdArray } from "../../core/nd.ts";
import type { Source } from "../../core/source.ts";
import { atDefaults, atLeast, atMost, equal, within } from "../shared/judge.ts";
import type { OpenedSequence } from "./open.ts";
import { type SkipTrigramStudyParams, skipTrigramParams } from "./params.ts";
import { printedEpochs } from "./plan.ts";
import { printedHead1, printedLog, printedLogits, printedScale } from "./printed.ts";
import type { DataSummary, EpochTable, SkipTrigramResults } from "./results.ts";

const notebook = (at: string): Source => ({
  paper: "seed 002 (notebook on skip trigrams and one-hot embeddings)",
  at,
});

const theory: Source = { paper: "the rule itself", at: "half signal, half noise with 11 labels" };

const recomputed: Source = {
  paper: "seed 002 replayed in PyTorch on a CPU",
  at: "numbers that the notebook does not print",
};

/** Claims that apply to these parameters. */
export function claims(params: SkipTrigramStudyParams, results: SkipTrigramResults): Claim[] {
  const { epochs, printed } = results;
  const defaults = skipTrigramParams.parse({});
  const same = (...names: (keyof SkipTrigramStudyParams)[]): boolean =>
    atDefaults(params, defaults, names);
  const sameData = same("length", "oneIn", "trainCount", "testCount", "seed");
  const sameRun =
    sameData &&
    same("nHeads", "earlierEpochs", "initRange", "lr", "weightDecay", "batchSize") &&
    epochs.epoch.length === printedEpochs;
  return [
    ...(sameData ? dataClaims(results.data) : []),
    ...(sameRun ? logClaims(params, epochs) : []),
    ...(sameRun && printed?.sequence ? sequenceClaims(printed.sequence) : []),
    ...(sameRun && params.epochs >= defaults.epochs ? endClaims(results) : []),
  ];
}

function dataClaims({ testLabels, testSignal }: DataSummary): Claim[] {
  const source = recomputed;
  return [
    equal(
      { id: "test-labels", text: "how often each label occurs in the validation set", source },
      [85, 107, 99, 102, 78, 112, 111, 80, 107, 63, 56],
      testLabels,
    ),
    equal(
      { id: "test-signal", text: "signal sequences in the validation set", source },
      499,
      testSignal,
    ),
  ];
}

function endClaims({ final, fresh }: SkipTrigramResults): Claim[] {
  const source = theory;
  const onNew = "on 100,000 new sequences";
  return [
    equal(
      { id: "signal-accuracy", text: "accuracy on all 96 signal sequences at the end", source },
      1,
      final.signal.accuracy,
    ),
    equal(
      { id: "fresh-signal-accuracy", text: `accuracy on the signal ${onNew}`, source },
      1,
      fresh.signal.accuracy,
    ),
    within(
      { id: "best-accuracy", text: `accuracy ${onNew}: the best possible`, source },
      6 / 11,
      0.005,
      fresh.all.accuracy,
    ),
    within(
      { id: "best-loss", text: `cross-entropy ${onNew}, near its floor of (ln 11) / 2`, source },
      Math.log(11) / 2,
      0.05,
      fresh.all.loss,
    ),
  ];
}

/** The 60 printed rows, in the notebook's own units. */
function logClaims({ trainCount, testCount }: SkipTrigramStudyParams, table: EpochTable): Claim[] {
  const examplesApart = (
    own: readonly number[],
    theirs: readonly number[],
    count: number,
  ): number =>
    Math.max(...own.map((x, i) => Math.round(Math.abs(x - (theirs[i] as number)) * count)));
  const lossApart = (own: readonly number[], theirs: readonly number[], scale: number): number =>
    Math.max(...own.map((x, i) => Math.abs((x * scale) / (theirs[i] as number) - 1)));
  const batches = Math.floor(trainCount / 10_000);
  const source = notebook("cell 155");
  const two = "at most 2 examples, which float32 rounding may flip";
  const apart = (id: string, text: string, measured: number): Claim => ({
    ...atMost({ id, text, source }, 2, measured),
    tolerance: two,
  });
  return [
    apart(
      "printed-train-accuracy",
      "60 printed train accuracies: examples by which the furthest differs",
      examplesApart(table.trainAccuracy, printedLog.trainAccuracy, trainCount),
    ),
    apart(
      "printed-test-accuracy",
      "60 printed test accuracies: examples by which the furthest differs",
      examplesApart(table.testAccuracy, printedLog.testAccuracy, testCount),
    ),
    atMost(
      {
        id: "printed-train-loss",
        text: "60 printed train losses: largest relative difference, divided as the notebook does",
        source,
      },
      1e-6,
      lossApart(table.trainLoss, printedLog.trainLoss, (printedScale * batches) / trainCount),
    ),
    atMost(
      {
        id: "printed-test-loss",
        text: "60 printed test losses: largest relative difference, divided as the notebook does",
        source,
      },
      1e-6,
      lossApart(table.testLoss, printedLog.testLoss, printedScale / testCount),
    ),
    within(
      {
        id: "first-train-loss",
        text: "true mean train loss of the first epoch",
        source: recomputed,
      },
      2.4649,
      5e-5,
      table.trainLoss[0] as number,
    ),
    atLeast(
      { id: "last-train-accuracy", text: "train accuracy in epoch 60", source },
      0.29647,
      table.trainAccuracy.at(-1) as number,
    ),
  ];
}

/** Half a unit of the fourth decimal, and what float32 rounding adds up to in 600 updates. */
const fourDecimals = 6e-5;

function sequenceClaims({ logits, perHead, bias, pattern }: OpenedSequence): Claim[] {
  const attention = [
    [0.0126, 0.0073, 0.9627, 0.0174],
    [0.1148, 0.0351, 0.7678, 0.0824],
    [0.0377, 0.0321, 0.8336, 0.0967],
  ];
  const equalTo = (
    id: string,
    text: string,
    source: Source,
    own: readonly number[],
    printed: readonly number[],
  ): Claim => ({
    ...atMost(
      { id, text: `${text}: largest difference from the printed decimals`, source },
      fourDecimals,
      Math.max(...printed.map((x, i) => Math.abs(x - (own[i] as number)))),
    ),
    tolerance: "at most: half a unit of the fourth decimal, and float32 rounding",
  });
  const head1 = rowsOf(perHead, 1).flatMap((row) => row.map((x, k) => x + (bias[k] as number)));
  const lastRows = [0, 1, 2].flatMap((head) => rowsOf(pattern, head)[3] as number[]);
  return [
    equalTo(
      "printed-logits",
      "logits of [2, 5, 3, 0] after 60 epochs",
      notebook("cell 170"),
      logits,
      printedLogits,
    ),
    equalTo(
      "printed-head-1",
      "what head 1 adds to the residual stream, with b_O as the notebook counts it",
      notebook("cell 192"),
      head1,
      printedHead1.flat(),
    ),
    equalTo(
      "printed-attention",
      "attention of the last token of [2, 5, 3, 0], head by head",
      recomputed,
      lastRows,
      attention.flat(),
    ),
  ];
}

/** The matrix of one head as rows. */
export function rowsOf({ shape, data }: NdArray, head: number): number[][] {
  const [, height, width] = shape as [number, number, number];
  return Array.from({ length: height }, (_, row) => {
    const at = (head * height + row) * width;
    return [...data.subarray(at, at + width)];
  });
}
