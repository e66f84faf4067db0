/** What is measured of a one-layer model of a + b modulo p, whatever its weights are made of. */

import {
  fourierBasis,
  fourierTransform2d,
  inputMaps,
  logitCosines,
  logitsBySum,
  neuronSpectrum,
  spectrum,
} from "../../../analysis/fourier/index.ts";
import { firstColumns, rows, svd, transpose } from "../../../analysis/linalg/index.ts";
import { meanAttention } from "../../../analysis/patterns/index.ts";
import { progressMeasures } from "../../../analysis/progress/index.ts";
import { expandDims, scope, type Tensor } from "../../../arrays/index.ts";
import { type NdArray, nd } from "../../../core/nd.ts";
import type { AnyModel, Subject } from "../../../lab/index.ts";
import { type ReadArrays, type ReadTensors, tokenTable } from "../../../models/index.ts";
import { TorchGenerator } from "../../../rng/index.ts";
import { analyzeModularAddition } from "./analysis.ts";
import { binaryWeights, integerProduct } from "./binary.ts";
import { allPairs, modularSplit, pairIndices, type SplitParams } from "./split.ts";

/** When the text of this module changes, everything is measured again. */
export const measurements = import.meta.url;

const pattern = "blocks.0.attn.hook_pattern";

/** A reading: what the last position read and did on each sequence. */
export function lastPosition(model: AnyModel, tokens: Tensor) {
  const { logits, cache } = model.runWithCache(tokens);
  return {
    /** "batch d_vocab_out" */
    logits: logits.at([], -1),
    /** "batch head src" */
    pattern: cache.get(pattern).at([], [], -1),
    /** "batch neuron", before and after the ReLU. */
    pre: cache.get("pre", 0).at([], -1),
    post: cache.get("post", 0).at([], -1),
  };
}

/** A reading: the attention of the last position, "batch head src", and nothing that comes after. */
function lastPattern(model: AnyModel, tokens: Tensor) {
  const { cache } = model.runWithCache(tokens, { names: [pattern], stopAfterLast: true });
  return { pattern: cache.get(pattern).at([], [], -1) };
}

/** A reading: the logits of all pairs at the last position, by tables: many times faster. */
function lastLogits({ model, weights, config }: AnyModel) {
  return { logits: model.lastLogits(weights, config, tokenTable(allPairs(config.dVocab - 1))) };
}

const modulus = ({ model }: Subject): number => model.config.dVocab - 1;

/** Most pairs in one pass: what a pass holds at once grows with them. */
const mostPairs = 2048;

/** What a reading gives for all pairs, in passes of equal shape; "batch …" in the order of `allPairs`. */
async function overPairs<T extends ReadTensors>(
  subject: Subject,
  reading: (model: AnyModel, tokens: Tensor) => T,
): Promise<ReadArrays<T>> {
  const { data } = allPairs(modulus(subject));
  const total = data.length / 3;
  const size = Math.ceil(total / Math.ceil(total / mostPairs));
  const whole: Record<string, NdArray> = {};
  for (let from = 0; from < total; from += size) {
    const count = Math.min(size, total - from);
    const tokens = new Int32Array(3 * size);
    tokens.set(data.subarray(3 * from, 3 * (from + count)));
    const part = await subject.run(reading, nd("int32", [size, 3], tokens));
    for (const [name, { shape, data: values }] of Object.entries<NdArray>(part)) {
      const width = values.length / size;
      whole[name] ??= nd("float32", [total, ...shape.slice(1)], new Float32Array(total * width));
      whole[name].data.set(values.subarray(0, count * width), from * width);
    }
  }
  return whole as ReadArrays<T>;
}

/**
 * The weights that the forward pass multiplies by: signs for a binary model, and an unembedding with
 * the gain of the norm before it.
 */
function multiplied({ model, weights }: Subject) {
  using _ = scope();
  const own = model.effectiveWeights;
  const of = (name: string): NdArray => own[name]?.readSync() as NdArray;
  const gain = own["ln_final.w"];
  return {
    W_E: of("embed.W_E"),
    W_U: (gain === undefined ? model.W_U : model.W_U.mul(expandDims(gain, 1))).readSync(),
    W_in: of("blocks.0.mlp.W_in"),
    W_out: of("blocks.0.mlp.W_out"),
    W_V: of("blocks.0.attn.W_V"),
    W_O: of("blocks.0.attn.W_O"),
    weights,
  };
}

const trainedOn = (split: SplitParams, p: number): Int32Array =>
  pairIndices(modularSplit({ ...split, p }).train, p);

const narrow = ({ shape, data }: NdArray): NdArray => nd("float32", shape, Float32Array.from(data));

/** How attention "batch head src" is shared out. */
function sharpness({ shape, data }: NdArray) {
  const [batch = 0, heads = 0, src = 1] = shape;
  let hard = 0;
  let entropy = 0;
  for (let from = 0; from < data.length; from += src) {
    const row = data.subarray(from, from + src);
    if (Math.max(...row) > 0.99) hard += 1;
    for (const share of row) if (share > 0) entropy -= share * Math.log(share);
  }
  return {
    /** Share of pairs and heads in which one token gets more than 99 %. */
    hard: hard / (batch * heads),
    /** Mean entropy in nats. */
    entropy: entropy / (batch * heads),
  };
}

/** How much each key frequency has of the attention to a over all pairs, head by head taken together. */
function attentionShares(attention: NdArray, p: number): readonly number[] {
  const [batch = 0, heads = 0, src = 1] = attention.shape;
  const toFirst = Float64Array.from(
    { length: batch * heads },
    (_, i) => attention.data[src * i] as number,
  );
  return neuronSpectrum(fourierBasis(p), nd("float64", [batch, heads], toFirst)).shares;
}

/** Mean logit, each row centered, for each (a + b - c) mod p. */
function meanByOffset(logits: NdArray, p: number): number[] {
  const { data } = logitsBySum(firstColumns("logits", logits, p), p);
  const means = Array.from({ length: p }, (_, offset) => {
    let sum = 0;
    for (let s = 0; s < p; s++) sum += data[s * p + ((s - offset + p) % p)] as number;
    return sum / p ** 2;
  });
  const mean = means.reduce((sum, one) => sum + one, 0) / p;
  return means.map((one) => one - mean);
}

/**
 * Everything about one checkpoint. `key` are the frequencies found in another one; by default its own.
 * What concerns the split is meaningless where it is not the one that was trained on.
 */
export async function circuit(subject: Subject, split: SplitParams, key?: readonly number[]) {
  const p = modulus(subject);
  const seen = await overPairs(subject, lastPosition);
  const { basis, basisGram, attention, neurons, embedding, ...rest } = analyzeModularAddition(
    {
      ...multiplied(subject),
      ...{ p, logits: seen.logits, attention: seen.pattern, neuronActivations: seen.post },
      trainIndices: trainedOn(split, p),
    },
    {
      ...{ rng: new TorchGenerator(0), neurons: [] },
      ...(key === undefined ? {} : { keyFrequencies: key }),
    },
  );
  const { fractions, variances, shares, dead, grouped, sortedFractions } = neurons;
  const { svd: own, control, ...spectra } = embedding;
  return {
    ...rest,
    attention: {
      /** "head src" */
      mean: attention.mean,
      /** "head a b" */
      toFirst: narrow(attention.toFirst),
      toSecond: narrow(attention.toSecond),
      /** Share of each frequency in the variance of the attention to a, at k - 1. */
      shares: attentionShares(seen.pattern, p),
      ...sharpness(seen.pattern),
    },
    embedding: {
      ...spectra,
      U: own.U,
      S: own.S,
      control: control && { U: control.U, S: control.S },
    },
    neurons: {
      /** "freq neuron" */
      fractions: narrow(fractions),
      ...{ total: variances.length, shares, dead, grouped, sortedFractions },
    },
    byOffset: meanByOffset(seen.logits, p),
  };
}
export type Circuit = Awaited<ReturnType<typeof circuit>>;

/** What a trained model is compared with: the same before training. */
export async function beforeTraining(subject: Subject) {
  const p = modulus(subject);
  const seen = await overPairs(subject, lastPattern);
  const W_E = rows("W_E", multiplied(subject).W_E, 0, p);
  return {
    mean: meanAttention(seen.pattern),
    ...sharpness(seen.pattern),
    S: svd(W_E).S,
    frequencyNorms: spectrum(fourierBasis(p), W_E).frequencyNorms,
  };
}
export type Before = Awaited<ReturnType<typeof beforeTraining>>;

/** Some neurons for every pair, before and after the ReLU, and in the 2-D Fourier basis: "neuron a b". */
export async function neurons(subject: Subject, shown: readonly number[]) {
  const p = modulus(subject);
  const { pre, post } = await overPairs(subject, lastPosition);
  const maps = inputMaps(post, p, shown);
  const transformed = fourierTransform2d(fourierBasis(p), maps);
  for (let i = 0; i < shown.length; i++) transformed.data[i * p * p] = 0; // the constant
  return {
    pre: narrow(inputMaps(pre, p, shown)),
    post: narrow(maps),
    transformed: narrow(transformed),
  };
}

export type Pictures = Awaited<ReturnType<typeof neurons>>;

/** One checkpoint on the way, for key frequencies found in another. */
export async function progress(subject: Subject, split: SplitParams, key: readonly number[]) {
  const p = modulus(subject);
  const { logits } = await subject.run(lastLogits);
  const attention = await overPairs(subject, lastPattern);
  const { W_E, W_out, W_U, weights } = multiplied(subject);
  const trainIndices = trainedOn(split, p);
  return {
    ...progressMeasures({ W_E, W_out, W_U, weights, p, logits, trainIndices, keyFrequencies: key }),
    ...sharpness(attention.pattern),
    embeddingNorms: spectrum(fourierBasis(p), rows("W_E", W_E, 0, p)).frequencyNorms,
    logitShares: logitCosines(firstColumns("logits", logits, p), p).shares,
  };
}
export type Progress = Awaited<ReturnType<typeof progress>>;

/** What the model does with one pair: logits, and the attention of the last position "head src". */
export async function answer(subject: Subject, pair: readonly number[]) {
  const p = modulus(subject);
  const tokens = nd("int32", [1, 3], [...pair, p]);
  const { logits, pattern: attention } = await subject.run(lastPosition, tokens);
  const [, heads = 0, src = 1] = attention.shape;
  return {
    logits: Array.from(logits.data.subarray(0, p)),
    attention: Array.from({ length: heads }, (_, head) =>
      Array.from(attention.data.subarray(head * src, (head + 1) * src)),
    ),
  };
}
export type Answer = Awaited<ReturnType<typeof answer>>;

/**
 * Signs of centered matrices of a binary model: W_in, and the integers sign(W_in) sign(W_O) sign(W_V)
 * "neuron d_model" that say what a value can add to a neuron.
 */
export function signs({ weights }: Subject) {
  const of = (name: string) => binaryWeights(weights[`blocks.0.${name}`] as NdArray);
  const turned = (x: NdArray): NdArray => ({ ...transpose(x), dtype: "int32" });
  const [W_in, W_O, W_V] = [of("mlp.W_in"), of("attn.W_O").signs, of("attn.W_V").signs];
  const [heads = 0, dHead = 0, dModel = 0] = W_O.shape;
  const values = { ...W_V, shape: [heads * dModel, dHead] };
  const ofHeads = Array.from({ length: heads }, (_, head) => [
    ...turned(rows("W_V", values, head * dModel, (head + 1) * dModel)).data,
  ]);
  return {
    W_in,
    product: integerProduct(
      turned(W_in.signs),
      turned(nd("int32", [heads * dHead, dModel], W_O.data as Int32Array)),
      nd("int32", [heads * dHead, dModel], ofHeads.flat()),
    ),
  };
}
