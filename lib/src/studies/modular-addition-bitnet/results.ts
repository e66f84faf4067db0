/** The study's results: the model asked for, and the models it is compared with. */

import {
  type BinaryWeights,
  binaryWeights,
  integerProduct,
  topFrequencies,
} from "../../analysis/index.ts";
import { scope, init as startArrays, tensor } from "../../arrays/index.ts";
import type { NdArray } from "../../core/nd.ts";
import {
  type BitNetConfig,
  bitNetTransformer,
  type Quantization,
  quantizeWeights,
  type WeightArrays,
} from "../../models/index.ts";
import { type Circuit, pick } from "../modular-addition/circuit.ts";
import {
  type CircuitResults,
  openUp,
  type SplitSummary,
  summarise,
} from "../modular-addition/results.ts";
import { modularSplit, pairIndices } from "../modular-arithmetic/split.ts";
import { type Curves, curvesOf } from "../shared/curves.ts";
import type { StudyContext, TrainedRun } from "../study.ts";
import type { BitNetParams } from "./params.ts";
import { compared, firstUpdates, modelConfig } from "./plan.ts";

export interface BitNetResults {
  /** Null where the data of the weights are not known. */
  readonly split: SplitSummary | null;
  /** The model the study is about. */
  readonly model: ModelResults;
  /** Others trained from the same weights, by kind. */
  readonly others: readonly ModelResults[];
  /** The notebook's first updates, which have weight decay 0; empty without training. */
  readonly firstUpdates: Curves;
  /** What only binary weights have; null for other kinds. */
  readonly binary: BinaryResults | null;
}

export interface ModelResults {
  readonly quantization: Quantization;
  /** Empty when a checkpoint was analysed without training. */
  readonly curves: Curves;
  /** Null for an operation other than a + b. */
  readonly circuit: CircuitResults | null;
  /** The six frequencies with the largest share of the embedding, largest first. */
  readonly topEmbedding: readonly number[];
}

export interface BinaryResults {
  /** W_in, "d_model neuron". */
  readonly W_in: BinaryWeights;
  /** sign(W_in) sign(W_O) sign(W_V) of seed 000, cell 34, centred: "neuron d_model", integers. */
  readonly product: NdArray;
}

export async function analyse(
  params: BitNetParams,
  run: TrainedRun,
  context: StudyContext,
): Promise<BitNetResults> {
  await startArrays();
  const last = await run.weights(run.checkpointSteps.at(-1) ?? 0);
  const others: ModelResults[] = [];
  const model = await modelResults(params, params.quantization, run, context);
  for (const quantization of compared) {
    const other = run.companions[quantization];
    if (other !== undefined) others.push(await modelResults(params, quantization, other, context));
  }
  return {
    split: run.dataKnown === false ? null : summarise(modularSplit(params)),
    model,
    others,
    firstUpdates: curvesOf((run.companions[firstUpdates] ?? run).metrics),
    binary: params.quantization.startsWith("binary") ? binaryResults(last) : null,
  };
}

async function modelResults(
  params: BitNetParams,
  quantization: Quantization,
  run: TrainedRun,
  context: StudyContext,
): Promise<ModelResults> {
  context.progress(`model with ${kindOf(quantization)} weights`);
  const config = modelConfig(params, quantization);
  const circuit: Circuit<BitNetConfig> = {
    model: bitNetTransformer,
    config,
    p: params.p,
    trainIndices: pairIndices(modularSplit(params).train, params.p),
    effective: (weights) => effective(weights, config),
  };
  const opened = params.operation === "a+b" ? await openUp(circuit, run, context) : null;
  return {
    quantization,
    curves: curvesOf(run.metrics),
    circuit: opened,
    topEmbedding:
      opened === null ? [] : topFrequencies(opened.analysis.embedding.spectrum.shares, 6),
  };
}

/** How a kind of weights is called in a sentence. */
export function kindOf(quantization: Quantization): string {
  const kinds: { readonly [Q in Quantization]: string } = {
    binary: "binary",
    "binary-scaled": "scaled binary",
    ternary: "ternary",
    none: "full-precision",
  };
  return kinds[quantization];
}

/** The weights the forward pass computes with. */
async function effective(weights: WeightArrays, config: BitNetConfig): Promise<WeightArrays> {
  using _tensors = scope();
  const own = Object.fromEntries(
    Object.entries(weights).map(([name, array]) => [name, tensor(array)]),
  );
  const read: Record<string, NdArray> = {};
  for (const [name, x] of Object.entries(quantizeWeights(own, config))) {
    read[name] = x.readSync();
  }
  return read;
}

/** W_in and the integer product, in PyTorch's layout "out in" as the notebook prints it. */
function binaryResults(weights: WeightArrays): BinaryResults {
  const signsOf = (name: string): NdArray => binaryWeights(pick(weights, name)).signs;
  const W_O = signsOf("blocks.0.attn.W_O");
  const [heads, dHead, dModel] = W_O.shape as [number, number, number];
  return {
    W_in: binaryWeights(pick(weights, "blocks.0.mlp.W_in")),
    product: integerProduct(
      turned(signsOf("blocks.0.mlp.W_in")),
      turned({ ...W_O, shape: [heads * dHead, dModel] }),
      valueMatrix(signsOf("blocks.0.attn.W_V")),
    ),
  };
}

/** "in out" as "out in". */
function turned({ dtype, shape, data }: NdArray): NdArray {
  const [rows, columns] = shape as [number, number];
  const out = Int32Array.from(
    { length: rows * columns },
    (_, i) => data[(i % rows) * columns + Math.floor(i / rows)] as number,
  );
  return { dtype, shape: [columns, rows], data: out };
}

/** "head d_model d_head" as "(head d_head) d_model". */
function valueMatrix({ dtype, shape, data }: NdArray): NdArray {
  const [heads, dModel, dHead] = shape as [number, number, number];
  const out = new Int32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const head = Math.floor(i / (dModel * dHead));
    const d = Math.floor(i / dHead) % dModel;
    out[(head * dHead + (i % dHead)) * dModel + d] = data[i] as number;
  }
  return { dtype, shape: [heads * dHead, dModel], data: out };
}
