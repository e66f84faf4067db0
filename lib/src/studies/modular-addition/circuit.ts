/** From weights to the analysis of one model of a + b modulo p. */

import {
  analyseModularAddition,
  type ModularAdditionAnalysis,
  type ProgressMeasures,
  progressMeasures,
} from "../../analysis/index.ts";
import type { Backend } from "../../compile/backend.ts";
import { type NdArray, nd } from "../../core/nd.ts";
import type { Model, WeightArrays } from "../../models/index.ts";
import { TorchGenerator } from "../../rng/index.ts";
import type { TrainedRun } from "../study.ts";
import { logitsOfPairs, pairActivations } from "./forward.ts";

/** A kind of model, and how to read the matrices it computes with off its weights. */
export interface Circuit<C> {
  readonly model: Model<C>;
  readonly config: C;
  readonly p: number;
  /** Pairs p * a + b in the training set. */
  readonly trainIndices: Int32Array;
  /** The weights as the model uses them: the same for full precision, ±1 for a binary model. */
  effective(weights: WeightArrays): Promise<WeightArrays>;
}

/** Seed of the random matrix that stands beside the embedding. */
const controlSeed = 0;

/** Run the model on all pairs and analyse it. */
export async function analyseCircuit<C>(
  backend: Backend,
  circuit: Circuit<C>,
  weights: WeightArrays,
): Promise<ModularAdditionAnalysis> {
  const { model, config, p, trainIndices } = circuit;
  const seen = await pairActivations(backend, model, config, weights, p);
  const used = await circuit.effective(weights);
  return analyseModularAddition(
    {
      p,
      logits: seen.logits,
      neuronActivations: seen.post,
      neuronPreActivations: seen.pre,
      attention: seen.pattern,
      W_E: pick(used, "embed.W_E"),
      W_U: pick(used, "unembed.W_U"),
      W_in: pick(used, "blocks.0.mlp.W_in"),
      W_out: pick(used, "blocks.0.mlp.W_out"),
      W_V: pick(used, "blocks.0.attn.W_V"),
      W_O: pick(used, "blocks.0.attn.W_O"),
      trainIndices,
      weights,
    },
    { rng: new TorchGenerator(controlSeed) },
  );
}

/** The progress measures at every checkpoint, and the embedding's frequency norms. */
export interface Progress {
  readonly steps: readonly number[];
  readonly measures: readonly ProgressMeasures[];
  /** "checkpoint freq": norm of each frequency of W_E. */
  readonly frequencyNorms: NdArray;
}

/** Follow the key frequencies of the finished model through its training. */
export async function progressOf<C>(
  backend: Backend,
  circuit: Circuit<C>,
  run: TrainedRun,
  keyFrequencies: readonly number[],
  embeddingNorms: (W_E: NdArray) => readonly number[],
): Promise<Progress> {
  const { model, config, p, trainIndices } = circuit;
  const first = await run.weights(run.checkpointSteps[0] ?? 0);
  const forward = await logitsOfPairs(backend, model, config, first, p);
  const measures: ProgressMeasures[] = [];
  const norms: number[] = [];
  try {
    for (const step of run.checkpointSteps) {
      const weights = await run.weights(step);
      const used = await circuit.effective(weights);
      const W_E = pick(used, "embed.W_E");
      measures.push(
        progressMeasures({
          p,
          logits: await forward.logits(weights),
          trainIndices,
          keyFrequencies,
          W_E,
          W_out: pick(used, "blocks.0.mlp.W_out"),
          W_U: pick(used, "unembed.W_U"),
          weights,
        }),
      );
      norms.push(...embeddingNorms(W_E));
    }
  } finally {
    await forward.release();
  }
  const count = run.checkpointSteps.length;
  return {
    steps: run.checkpointSteps,
    measures,
    frequencyNorms: nd("float64", [count, norms.length / count], norms),
  };
}

/** A weight that the model must have. */
export function pick(weights: WeightArrays, name: string): NdArray {
  const array = weights[name];
  if (array === undefined) throw new Error(`circuit: the model has no weight ${name}`);
  return array;
}
