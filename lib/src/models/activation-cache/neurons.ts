import { matmul, type Tensor } from "../../arrays/index.ts";
import { InputError } from "../../core/errors.ts";
import { weight } from "../layers/affine.ts";
import { applySlice, type Slice, sliceEntries } from "../slice.ts";
import type { ActivationCache } from "./activation-cache.ts";
import type { LabeledStack } from "./labeled-stack.ts";
import { blocksBefore, hasMlp, type Reader, readerOf, writersOf } from "./layers.ts";
import type { Readout } from "./readout.ts";
import { componentsFirst, type StackResultsOptions, stackResults } from "./results.ts";

/** Which neurons, and how what they write is read. */
export interface NeuronOptions {
  /** Part of the neurons of each block; one neuron drops the axis of `getNeuronResults`. */
  readonly neuronSlice?: Slice;
  /** Part of the positions; one position drops the axis. */
  readonly posSlice?: Slice;
  /** Directions "d_model" or "d_model n" to take products with, in place of vectors. */
  readonly projectOutputOnto?: Tensor;
}

/** What each neuron of a block writes, "… pos neuron d_model", without b_out. */
export function getNeuronResults(
  cache: ActivationCache,
  layer: number,
  { neuronSlice, posSlice, projectOutputOnto: directions }: NeuronOptions,
): Tensor {
  const method = "getNeuronResults";
  const last = cache.nLayers - 1;
  const { layer: l } = readerOf(cache, method, layer === -1 ? last : layer);
  if (!hasMlp(cache, l)) {
    throw new InputError(
      `ActivationCache.${method}: block ${layer} of model "${cache.source.name}" has no MLP`,
    );
  }
  const read = (x: Tensor): Tensor => (directions === undefined ? x : matmul(x, directions));
  return neuronResults(cache, method, l, neuronSlice, posSlice, read, directions?.ndim === 1);
}

function neuronResults(
  cache: ActivationCache,
  method: string,
  layer: number,
  neuronSlice: Slice | undefined,
  posSlice: Slice | undefined,
  read: (x: Tensor) => Tensor,
  toNumbers = false,
): Tensor {
  const matrix = weight(writersOf(cache, method), `blocks.${layer}.mlp.W_out`);
  const rows = read(applySlice(matrix, 0, neuronSlice));
  const post = applySlice(applySlice(cache.get("post", layer), -2, posSlice), -1, neuronSlice);
  if (toNumbers) return post.mul(rows);
  return post.reshape([...post.shape, 1]).mul(rows);
}

/** Which neurons before a layer, and how what they write is read. */
export interface StackNeuronsOptions extends StackResultsOptions {
  /** Part of the neurons of each block. */
  readonly neuronSlice?: Slice;
}

/** What each neuron before `layer` writes: labels `L0N0`, `L0N1` … */
export function stackNeuronResults(
  cache: ActivationCache,
  layer: number | undefined,
  options: StackNeuronsOptions,
): LabeledStack {
  const method = "stackNeuronResults";
  const reader = readerOf(cache, method, layer);
  return stackResults(cache, method, reader, options, (readout) =>
    neuronParts(cache, method, reader, readout, options),
  );
}

/** For each block with an MLP a stack of its neurons. */
export function neuronParts(
  cache: ActivationCache,
  method: string,
  reader: Reader,
  { read }: Readout,
  { neuronSlice, posSlice }: Pick<StackNeuronsOptions, "neuronSlice" | "posSlice">,
): readonly LabeledStack[] {
  const blocks = blocksBefore(reader, "mlp").filter((l) => hasMlp(cache, l));
  return blocks.map((l) => {
    const size = cache.get("post", l).shape.at(-1) as number;
    const entries = sliceEntries(size, neuronSlice);
    const slice = neuronSlice === undefined ? undefined : { list: entries };
    const results = neuronResults(cache, method, l, slice, posSlice, read);
    return { stack: componentsFirst(results), labels: entries.map((n) => `L${l}N${n}`) };
  });
}
