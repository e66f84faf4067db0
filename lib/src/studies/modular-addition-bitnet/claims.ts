import type { Claim } from "../../core/claim.ts";
import type { Source } from "../../core/source.ts";
import { initialClaims, splitClaims } from "../modular-addition/claims.ts";
import { type Curves, firstStep, lastOf, valueAt } from "../shared/curves.ts";
import { atDefaults, atLeast, atMost, between, inCommon, within } from "../shared/judge.ts";
import { type BitNetParams, bitNetParams } from "./params.ts";
import type { BitNetResults } from "./results.ts";

const notebook: Source = {
  paper: "seed 000 (Li 2024, Mechanistic Interpretability of Binary and Ternary Transformers)",
  at: "cell 20, replayed in PyTorch from its random stream",
  url: "https://arxiv.org/abs/2405.17703",
};

/** Claims that apply to these parameters. */
export function claims(
  params: BitNetParams,
  { split, model, firstUpdates }: BitNetResults,
): Claim[] {
  const defaults = bitNetParams.parse({});
  const same = (...names: (keyof BitNetParams)[]): boolean => atDefaults(params, defaults, names);
  const { curves } = model;
  const sameData = same("operation", "p", "trainFraction", "dataSeed", "splitGenerator");
  const sameModel =
    sameData && same("dModel", "nHeads", "quantization", "seed") && curves.step.length > 0;
  const sameRate = sameModel && same("lr", "beta1", "beta2");
  const toTheEnd = sameRate && params.steps >= defaults.steps;
  return [
    ...(sameData && split !== null ? splitClaims(split) : []),
    ...(sameModel ? initialClaims(curves, 4.912602042789272, 4.901619754149453, notebook) : []),
    ...(sameRate && params.steps >= 2 ? updateClaims(firstUpdates) : []),
    ...(toTheEnd && same("weightDecay") ? grokkingClaims(model) : []),
    ...(toTheEnd && params.weightDecay === 0 ? notebookClaims(curves) : []),
  ];
}

/** Weight decay 0, as the notebook trains. */
function updateClaims(curves: Curves): Claim[] {
  return [
    [1, 4.823295],
    [2, 4.773058],
  ].map(([step, expected]) =>
    within(
      {
        id: `train-loss-${step}`,
        text: `train loss after ${step} update${step === 1 ? "" : "s"} with weight decay 0`,
        source: { ...notebook, at: "training loop, replayed in PyTorch" },
      },
      expected as number,
      1e-4,
      valueAt(curves, "trainLoss", step as number) ?? Number.NaN,
    ),
  );
}

/** Weight decay 1, as the final notebook of the repository has it. */
function grokkingClaims({ curves, topEmbedding }: BitNetResults["model"]): Claim[] {
  const source: Source = { ...notebook, at: "weight decay 1, replayed in PyTorch" };
  return [
    atMost(
      { id: "groks", text: "first logged step with a test accuracy of 0.99", source },
      3000,
      firstStep(curves, "testAccuracy", (value) => value >= 0.99) ?? Number.POSITIVE_INFINITY,
    ),
    atLeast(
      { id: "test-accuracy", text: "largest test accuracy by step 3000", source },
      0.99,
      Math.max(...curves.testAccuracy),
    ),
    inCommon(
      {
        id: "embedding-frequencies",
        text: "the six largest frequencies of the embedding",
        source,
      },
      [5, 12, 30, 33, 34, 49],
      3,
      [...topEmbedding].sort((a, b) => a - b),
      "the initial weights favour some ten frequencies, and rounding decides which six win; PyTorch itself (lib/goldens/bitnet_replay.py) ends with 2, 15, 25, 30, 34, 41 with its sums in another order, and with 2, 5, 15, 30, 33, 34 in float64",
    ),
  ];
}

/** Weight decay 0, as the notebook ran it: chaotic, so the shape of the curve is the target. */
function notebookClaims(curves: Curves): Claim[] {
  const source: Source = { ...notebook, at: "cell 23, printed log" };
  const peak = Math.max(...curves.testLoss);
  const at = firstStep(curves, "testLoss", (value) => value === peak) ?? Number.NaN;
  return [
    atMost(
      { id: "memorises", text: "train loss after 1000 updates (printed: 0.459)", source },
      0.6,
      valueAt(curves, "trainLoss", 1000) ?? Number.NaN,
    ),
    between({ id: "test-peak", text: "largest test loss", source }, [8, 9.5], peak),
    between(
      { id: "test-peak-step", text: "step of the largest test loss", source },
      [1000, 3000],
      at,
    ),
    atMost(
      { id: "test-falls", text: "test loss at the end over its peak", source },
      1,
      lastOf(curves.testLoss) / peak,
    ),
  ];
}
