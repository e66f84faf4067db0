import type { Claim } from "../../core/claim.ts";
import type { Source } from "../../core/source.ts";
import { proofClaims } from "../max-of-two/claims.ts";
import { derivedSeeds } from "../max-of-two/plan.ts";
import { atDefaults, atMost, equal } from "../shared/judge.ts";
import { type MaxOfFourParams, maxOfFourParams } from "./params.ts";
import { publishedModels } from "./published.ts";
import type { MaxOfFourResults, ModelResults } from "./results.ts";

const paper: Source = {
  paper: "Gross et al. 2024, Compact proofs of model performance via mechanistic interpretability",
  at: "table 1, and 150 seeds of their data repository",
  url: "https://arxiv.org/abs/2406.11779",
};

/** Fewest models whose mean says something about the published mean. */
const fewest = 5;

/** Claims that apply to these parameters: published numbers are only compared with their own setting. */
export function claims(
  params: MaxOfFourParams,
  { curves, models, dataKnown }: MaxOfFourResults,
): Claim[] {
  const defaults = maxOfFourParams.parse({});
  const asPublished =
    atDefaults(params, defaults, ["n", "vocab", "dModel", "batchSize", "steps"]) &&
    atDefaults(params, defaults, ["lr", "weightDecay", "beta1", "beta2"]) &&
    curves.step.length > 0;
  return [
    ...(dataKnown && params.seed === defaults.seed ? [seedClaim()] : []),
    ...(asPublished ? distributionClaims(models) : []),
    ...models.flatMap(({ seed, proofs }) =>
      proofClaims(proofs).map((claim) => ({
        ...claim,
        id: `${claim.id}-${seed}`,
        text: `${claim.text} (seed ${seed})`,
      })),
    ),
  ];
}

function seedClaim(): Claim {
  const { model, dataset } = derivedSeeds(50);
  return equal(
    {
      id: "derived-seeds",
      text: "seeds of weights and of data of the published model 50, by MD5",
      source: { ...paper, at: "their data repository" },
    },
    [736526336, 1372813824],
    [model, dataset],
  );
}

/** Mean and standard deviation of a sample. */
export interface Spread {
  readonly mean: number;
  readonly deviation: number;
  /** The largest distance of a value from the mean, in standard deviations. */
  readonly furthest: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (values.length - 1));
  const furthest = Math.max(...values.map((value) => Math.abs(value - mean))) / deviation;
  return { mean, deviation, furthest };
}

const sequences = 64 ** 4;

/** Accuracies of the published models: what they are, and what the cubic proof says. */
export const publishedSpread = {
  bruteForce: spreadOf(publishedModels.map(([, correct]) => correct / sequences)),
  cubic: spreadOf(publishedModels.map(([, , cubic]) => cubic / sequences)),
};

function distributionClaims(models: readonly ModelResults[]): Claim[] {
  const accuracies = models.flatMap(({ proofs }) => proofs.bruteForce?.accuracy ?? []);
  const bounds = models.map(({ proofs }) => proofs.cubic.accuracy);
  return [
    ...compared("brute-force", "brute-force accuracy", accuracies, publishedSpread.bruteForce),
    ...compared("cubic", "cubic bound", bounds, publishedSpread.cubic),
  ];
}

function compared(
  id: string,
  what: string,
  values: readonly number[],
  { mean, deviation, furthest }: Spread,
): Claim[] {
  const published = `published ${mean.toFixed(5)} ± ${deviation.toFixed(5)}`;
  const distances = values.map((value) => Math.abs(value - mean) / deviation);
  const each = atMost(
    {
      id: `${id}-each`,
      text: `furthest ${what} of ${values.length} from the published mean, in standard deviations`,
      source: paper,
    },
    4,
    Math.max(...distances),
  );
  const reason = `${published}; the furthest published model is ${furthest.toFixed(1)} away`;
  const single = { ...each, tolerance: `${each.tolerance}: ${reason}` };
  if (values.length < fewest) return [single];
  const own = spreadOf(values).mean;
  const error = deviation / Math.sqrt(values.length);
  const all = atMost(
    {
      id: `${id}-mean`,
      text: `mean ${what} of ${values.length} models, ${own.toFixed(5)}, from the published mean, in standard errors`,
      source: paper,
    },
    3,
    Math.abs(own - mean) / error,
  );
  return [single, { ...all, tolerance: `${all.tolerance}: ${published}` }];
}
