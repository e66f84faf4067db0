import type { Tensor } from "../../arrays/index.ts";
import type { Backend } from "../../compile/backend.ts";
import type { NdArray } from "../../core/nd.ts";
import type { OptionNames } from "../../core/options.ts";

/**
 * What is measured of logits "batch pos d_vocab_out": one number, or one of each example ("batch").
 * Made of tensor operations only, since it is compiled and differentiated.
 */
export type Metric = (logits: Tensor) => Tensor;

/** Entry of an index: a number, or a traced int32 scalar when many patches are compiled at once. */
export type IndexEntry = number | Tensor;

/**
 * The corrupted activation with the slice that `index` names taken from `source`, usually the clean
 * activation. `index` starts with the layer. Nothing is changed in place; build the slice with masks
 * (`where`), so that the other entries of `index` may be traced.
 */
export interface PatchSetter {
  (corrupted: Tensor, index: readonly IndexEntry[], source: Tensor): Tensor;
  /**
   * Place in `index` of the only position (or destination) that the setter changes, if there is
   * one; compiled patching then recomputes no more than that row needs.
   */
  readonly row?: number;
  /** Place in `index` of the only head that it changes, if there is one. */
  readonly head?: number;
}

/** Axes that an index may have; the first is the layer. */
export type IndexAxis = "layer" | "pos" | "head" | "dest" | "src" | "neuron";

/** How patches are run. */
export interface PatchOptions {
  /**
   * Compile one graph per layer that evaluates a whole chunk of patches at once on this back end.
   * Without it each patch is one forward pass of its own: the slow oracle.
   */
  readonly backend?: Backend;
  /** Patches evaluated at once; by default as many as keep the largest activation near 4 MiB. */
  readonly chunk?: number;
  /** Threads of each graph; default 1, which is fastest while a chunk fits the cache of a core. */
  readonly threads?: number;
}

/** The options of patches. */
export const patchNames: OptionNames<PatchOptions> = { backend: true, chunk: true, threads: true };

/** A value for each index, in the metric's own unit. */
export interface PatchResult {
  /** float64, one number for each index: the metric, averaged over examples. */
  readonly values: NdArray;
  /** Names of the axes of `values`, e.g. ["layer", "pos", "head"]. */
  readonly axes: readonly string[];
  /** A word for each entry of each axis, e.g. [["L0", "L1"], ["0", "1"], ["H0"]]. */
  readonly labels: readonly (readonly string[])[];
  /** The metric of the corrupted run with nothing patched. */
  readonly baseline: number;
  /** float64 "… example": the metric of each example, when the metric is per example. */
  readonly perExample?: NdArray;
  /** float64 "example": the metric of the corrupted run of each example. */
  readonly baselinePerExample?: NdArray;
}
