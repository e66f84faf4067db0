import { einsum, type Tensor } from "../../arrays/index.ts";
import { weight } from "../layers/affine.ts";
import { applySlice, type Slice } from "../slice.ts";
import type { ActivationCache } from "./activation-cache.ts";
import type { LabeledStack } from "./labeled-stack.ts";
import { blocksBefore, type Reader, readerOf, writersOf } from "./layers.ts";
import type { Readout } from "./readout.ts";
import { componentsFirst, type StackResultsOptions, stackResults } from "./results.ts";

/** What each head of a block writes, "… pos head d_model", without b_O. */
export function headResults(cache: ActivationCache, method: string, layer: number): Tensor {
  if (cache.has("result", layer)) return cache.get("result", layer);
  const matrix = weight(writersOf(cache, method), `blocks.${layer}.attn.W_O`);
  const z = cache.get("z", layer);
  const axes = "abc".slice(0, z.ndim - 2);
  return einsum(`${axes}he,hed->${axes}hd`, z, matrix);
}

/** What each head before `layer` writes: labels `L0H0`, `L0H1` … */
export function stackHeadResults(
  cache: ActivationCache,
  layer: number | undefined,
  options: StackResultsOptions,
): LabeledStack {
  const method = "stackHeadResults";
  const reader = readerOf(cache, method, layer);
  return stackResults(cache, method, reader, options, (readout) =>
    headParts(cache, method, reader, readout, options.posSlice),
  );
}

/** For each block a stack of its heads. */
export function headParts(
  cache: ActivationCache,
  method: string,
  reader: Reader,
  { read }: Readout,
  posSlice: Slice | undefined,
): readonly LabeledStack[] {
  return blocksBefore(reader, "attn").map((l) => {
    const results = read(applySlice(headResults(cache, method, l), -3, posSlice));
    const stack = componentsFirst(results);
    const labels = Array.from({ length: stack.shape[0] as number }, (_, h) => `L${l}H${h}`);
    return { stack, labels };
  });
}
