/** The study's results: the first model opened up, and the proofs of all. */

import {
  bruteForce,
  cubicBound,
  type MaxCircuits,
  maxCircuits,
  mostBruteForced,
  sequenceCount,
  subcubicBound,
  svd,
} from "../../analysis/index.ts";
import type { NdArray } from "../../core/nd.ts";
import type { Proofs } from "../max-of-two/results.ts";
import { type Curves, curvesOf } from "../shared/curves.ts";
import type { StudyContext, TrainedRun } from "../study.ts";
import type { MaxOfFourParams } from "./params.ts";
import { companionName, modelSeeds } from "./plan.ts";

export interface MaxOfFourResults {
  /** Of the first model; empty when a checkpoint was analysed without training. */
  readonly curves: Curves;
  /** Whether the seed is that of the weights. */
  readonly dataKnown: boolean;
  readonly reading: Reading;
  /** One for each seed, the first model first. */
  readonly models: readonly ModelResults[];
}

/** The first model's circuits. Scores are not divided by √d_head. */
export interface Reading {
  /** "query token": attention scores without positions. */
  readonly scores: NdArray;
  /** First four singular values of `scores`. */
  readonly singularValues: readonly number[];
  /** "token": the direction of `scores` on the side of the keys; its sign makes the last entry positive. */
  readonly sizeDirection: readonly number[];
  /** "token out": logits written when a number is attended to. */
  readonly copy: NdArray;
}

export interface ModelResults {
  readonly seed: number;
  readonly proofs: Proofs;
}

export async function analyse(
  params: MaxOfFourParams,
  run: TrainedRun,
  context: StudyContext,
): Promise<MaxOfFourResults> {
  const first = await circuitsOf(run);
  const models: ModelResults[] = [];
  for (const seed of modelSeeds(params)) {
    const own = seed === params.seed ? run : run.companions[companionName(seed)];
    if (own === undefined) continue;
    context.progress(`proving the accuracy of the model of seed ${seed}`);
    models.push({ seed, proofs: prove(own === run ? first : await circuitsOf(own)) });
  }
  return {
    curves: curvesOf(run.metrics),
    dataKnown: run.dataKnown !== false,
    reading: read(first),
    models,
  };
}

async function circuitsOf(run: TrainedRun): Promise<MaxCircuits> {
  return maxCircuits(await run.weights(run.checkpointSteps.at(-1) ?? 0));
}

function prove(circuits: MaxCircuits): Proofs {
  return {
    bruteForce: sequenceCount(circuits) <= mostBruteForced ? bruteForce(circuits) : null,
    cubic: cubicBound(circuits),
    subcubic: subcubicBound(circuits),
  };
}

function read({ keys, copy, scoreDivisor }: MaxCircuits): Reading {
  const scores: NdArray = { ...keys, data: keys.data.map((score) => score * scoreDivisor) };
  const { S, V } = svd(scores);
  const width = V.shape[1] as number;
  const direction = Array.from({ length: V.shape[0] as number }, (_, i) => V.data[i * width] ?? 0);
  const sign = Math.sign(direction.at(-1) ?? 1);
  return {
    scores,
    singularValues: S.slice(0, 4),
    sizeDirection: direction.map((x) => sign * x),
    copy,
  };
}
