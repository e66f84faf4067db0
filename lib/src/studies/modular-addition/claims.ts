import type { Claim } from "../../core/claim.ts";
import type { Source } from "../../core/source.ts";
import { type Curves, firstStep, lastOf, valueAt } from "../shared/curves.ts";
import { atDefaults, atLeast, atMost, equal, within, withinShare } from "../shared/judge.ts";
import { type ModularAdditionParams, modularAdditionParams } from "./params.ts";
import { publishedClaims } from "./published.ts";
import type { ModularAdditionResults, SplitSummary } from "./results.ts";

const notebook: Source = {
  paper: "seed 000 (Li, notebook on binary transformers; after Nanda's Grokking_Demo)",
  at: "cell 13",
};

const grokkingDemo: Source = {
  paper: "TransformerLens, Grokking_Demo",
  at: "printed losses, recomputed in PyTorch on a CPU",
  url: "https://github.com/TransformerLensOrg/TransformerLens",
};

const replay: Source = {
  paper: "seed 000's full-precision model, trained in PyTorch 2.15",
  at: "lib/goldens/modular_addition_replay.py",
};

const progressMeasuresPaper: Source = {
  paper: "Nanda et al. 2023, Progress measures for grokking via mechanistic interpretability",
  url: "https://arxiv.org/abs/2301.05217",
};

const chaos = "training is chaotic, so two machines agree only so far";

/** Claims that apply to these parameters: a published number is only compared with its own setting. */
export function claims(
  params: ModularAdditionParams,
  { split, curves, circuit, published }: ModularAdditionResults,
): Claim[] {
  const defaults = modularAdditionParams.parse({});
  const same = (...names: (keyof ModularAdditionParams)[]): boolean =>
    atDefaults(params, defaults, names);
  const sameData = same("operation", "p", "trainFraction", "dataSeed", "splitGenerator");
  const sameModel =
    sameData &&
    same("dModel", "nHeads", "dMlp", "outputs", "seed", "initOrder") &&
    curves.step.length > 0;
  const sameTraining = sameModel && same("lr", "weightDecay", "beta1", "beta2");
  const longest = params.float64Steps >= decisive ? defaults.steps : longestFloat32;
  const whole = sameTraining && params.steps >= longest;
  return [
    ...(sameData && split !== null ? splitClaims(split) : []),
    ...(sameModel ? initialClaims(curves, 4.734958, 4.733274, grokkingDemo) : []),
    ...(sameTraining && params.steps >= 100 ? earlyClaims(curves) : []),
    ...(sameTraining ? exactClaims(params, curves) : []),
    ...(whole ? grokkingClaims(params, curves) : []),
    ...(whole && circuit !== null
      ? [
          atLeast(
            {
              id: "logits-explained",
              text: "share of the variance of the logits in cos w(a + b - c) of the key frequencies",
              source: { ...progressMeasuresPaper, at: "section 4.2" },
            },
            0.9,
            circuit.analysis.summary.logits,
          ),
          atMost(
            {
              id: "restricted-below-full",
              text: "restricted loss over full loss, on all pairs: the key frequencies are all it needs",
              source: { ...progressMeasuresPaper, at: "section 5.1" },
            },
            1,
            circuit.analysis.progress.restricted.all / circuit.analysis.progress.full.all,
          ),
        ]
      : []),
    ...publishedClaims(published),
  ];
}

/** The rows printed in seed 000, cell 13. */
export function splitClaims({ train, test }: SplitSummary): Claim[] {
  const trainTokens = [21, 31, 113, 30, 98, 113, 47, 10, 113, 86, 21, 113, 99, 83, 113];
  const testTokens = [43, 40, 113, 31, 42, 113, 39, 63, 113, 35, 61, 113, 112, 102, 113];
  const claim = (id: string, text: string, expected: number[], measured: readonly number[]) =>
    equal({ id, text, source: notebook }, expected, measured);
  return [
    claim("train-data", "train_data[:5]", trainTokens, train.tokens),
    claim("train-labels", "train_labels[:5]", [52, 15, 57, 107, 69], train.labels),
    claim("test-data", "test_data[:5]", testTokens, test.tokens),
    claim("test-labels", "test_labels[:5]", [83, 73, 102, 96, 101], test.labels),
  ];
}

/** Losses before the first update: the initial weights are those of the seed. */
export function initialClaims(
  curves: Curves,
  trainLoss: number,
  testLoss: number,
  source: Source,
): Claim[] {
  const claim = (part: "train" | "test", expected: number): Claim =>
    within(
      { id: `initial-${part}-loss`, text: `${part} loss before the first update`, source },
      expected,
      2e-6,
      curves[`${part}Loss`][0] as number,
    );
  return [claim("train", trainLoss), claim("test", testLoss)];
}

function earlyClaims(curves: Curves): Claim[] {
  return [
    withinShare(
      { id: "train-loss-99", text: "train loss after 99 updates", source: grokkingDemo },
      2.9469,
      0.015,
      valueAt(curves, "trainLoss", 99) ?? Number.NaN,
      chaos,
    ),
    withinShare(
      { id: "test-loss-100", text: "test loss after 100 updates", source: grokkingDemo },
      7.52,
      0.015,
      valueAt(curves, "testLoss", 100) ?? Number.NaN,
      chaos,
    ),
  ];
}

/** Where rounding decides nothing, PyTorch's losses are met to more digits than float32 has. */
function exactClaims({ float64Steps }: ModularAdditionParams, curves: Curves): Claim[] {
  const source = { ...replay, at: `${replay.at}, in float64` };
  const known = [
    { step: 99, part: "train", loss: 2.9465998055195595 },
    { step: 100, part: "test", loss: 7.55562088576953 },
    { step: 500, part: "train", loss: 0.0010843198522913328 },
    { step: 500, part: "test", loss: 23.582850073577138 },
  ] as const;
  return known.flatMap(({ step, part, loss }) => {
    const measured = valueAt(curves, `${part}Loss`, step);
    if (measured === undefined || step > float64Steps) return [];
    const text = `${part} loss after ${step} updates in float64: PyTorch's`;
    const id = `${part}-loss-${step}-float64`;
    return [withinShare({ id, text, source }, loss, 1e-9, measured, "float64 has 16 digits")];
  });
}

/**
 * With so many updates in float64, float32 follows float64 to the end; without, rounding decides
 * when the network groks, and it may take until step 19,000 (README).
 */
const decisive = 500;
const longestFloat32 = 20_000;

function grokkingClaims({ float64Steps }: ModularAdditionParams, curves: Curves): Claim[] {
  const source = grokkingDemo;
  const groks = firstStep(curves, "testLoss", (loss) => loss < 1e-3) ?? Number.POSITIVE_INFINITY;
  const text = "first logged step with a test loss under 0.001: between 14,500 and 15,000";
  const [share, why] =
    float64Steps >= decisive
      ? [0.08, "printed on a GPU, in float32; at most 15,930"]
      : [1 / 3, "without first updates in float64, rounding decides when (README)"];
  return [
    withinShare({ id: "groks", text, source }, 14_750, share, groks, why),
    equal(
      { id: "train-accuracy", text: "train accuracy at the end", source },
      1,
      lastOf(curves.trainAccuracy),
    ),
    equal(
      { id: "test-accuracy", text: "test accuracy at the end", source },
      1,
      lastOf(curves.testAccuracy),
    ),
  ];
}
